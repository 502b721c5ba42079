import type * as z from 'zod';
import { TaurecError } from '../errors.ts';
import { type AutomaticSearch, optionFacts, type RawOptions } from '../option.ts';
import { AdversarialInfoNce } from './advinfonce.ts';
import { BinaryCrossEntropy } from './bce.ts';
import { BayesianPersonalizedRanking } from './bpr.ts';
import { BilateralSoftmaxLoss } from './bsl.ts';
import { CosineContrastiveLoss } from './ccl.ts';
import { DualScaleSoftmaxLoss } from './dsl.ts';
import { GeneralizedBinaryCrossEntropy } from './gbce.ts';
import { LowerLeftPartialAuc } from './llpauc.ts';
import type { Loss, LossDeclaration, LossSource } from './loss.ts';
import { needsFault } from './loss-needs.ts';
import { MeanSquaredError } from './mse.ts';
import { PairwiseSoftmaxLoss } from './psl.ts';
import { SoftmaxLoss } from './sl.ts';
import { SoftmaxLossAtK } from './slatk.ts';
import { GlobalContrastiveLoss } from './sogclr.ts';

/** A class of losses with its declaration. */
interface BuiltInLoss {
  new (options?: RawOptions): Loss;
  readonly declaration: LossDeclaration;
}

/** Every built-in loss by name; the only list. */
const losses = {
  sl: SoftmaxLoss,
  bsl: BilateralSoftmaxLoss,
  dsl: DualScaleSoftmaxLoss,
  bpr: BayesianPersonalizedRanking,
  bce: BinaryCrossEntropy,
  gbce: GeneralizedBinaryCrossEntropy,
  mse: MeanSquaredError,
  ccl: CosineContrastiveLoss,
  psl: PairwiseSoftmaxLoss,
  slatk: SoftmaxLossAtK,
  sogclr: GlobalContrastiveLoss,
  advinfonce: AdversarialInfoNce,
  llpauc: LowerLeftPartialAuc,
} satisfies Record<string, BuiltInLoss>;

/** The name of a built-in loss. */
export type LossName = keyof typeof losses;

/** The names of the built-in losses. */
export const lossNames = Object.keys(losses) as LossName[];

/** What each built-in loss declares. */
export const lossDeclarations: Readonly<Record<LossName, LossDeclaration>> = Object.fromEntries(
  lossNames.map((name) => [name, losses[name].declaration]),
) as Record<LossName, LossDeclaration>;

/** The options that training can choose by validation for one loss or another, when they are given as `'auto'`. */
const searchedOptions = [
  ...new Set(
    lossNames.flatMap((name) =>
      Object.keys(lossDeclarations[name].options.shape).filter((option) => automaticSearch(name, option)),
    ),
  ),
];

/** The score a loss is trained with unless told otherwise: dot for bpr, bce, gbce and mse, cosine for all others, also for custom losses. */
export function defaultScore(source: LossSource): 'cosine' | 'dot' {
  return 'name' in source ? (declarationOf(source.name)?.score ?? 'cosine') : 'cosine';
}

/**
 * A loss from a name with options, or a bare object as it is. Modules need `loadLoss`.
 *
 * @throws TaurecError `unknown-name`, `bad-option`
 */
export function createLoss(source: LossSource): Loss {
  if ('evaluate' in source) return checkLoss(source, 'loss');
  if ('module' in source) {
    const expected = 'a name or an object';
    throw new TaurecError('bad-option', { option: 'loss', got: source.module, expected, remedy: 'Use loadLoss.' });
  }
  if (!Object.hasOwn(losses, source.name)) {
    throw new TaurecError('unknown-name', { kind: 'loss', got: source.name, known: lossNames });
  }
  const Built: BuiltInLoss = losses[source.name as LossName];
  return new Built(source.options);
}

/** A built-in loss with the options that nobody gave filled in for a catalogue of `items`; any other source as it is. */
export function fitLoss(source: LossSource, items: number): LossSource {
  const byCatalogue = 'evaluate' in source || !('name' in source) ? undefined : declarationOf(source.name)?.byCatalogue;
  if (!byCatalogue) return source;
  const given = definedOnly((source as { options?: RawOptions }).options);
  return { ...source, options: { ...byCatalogue(items, given), ...given } };
}

/**
 * The options of a loss that are given as `'auto'`, for training to choose.
 * @throws TaurecError `bad-option` where the loss has no such option that can be chosen so
 */
export function automaticOptions(source: LossSource): string[] {
  if ('evaluate' in source || ('name' in source && !declarationOf(source.name))) return [];
  const asked = searchedOptions.filter((option) => source.options?.[option] === 'auto');
  const [wrong] = asked.filter((option) => !('name' in source && automaticSearch(source.name, option)));
  if (wrong === undefined) return asked;
  const able = lossNames.filter((name) => automaticSearch(name, wrong));
  throw new TaurecError('bad-option', {
    option: `${'name' in source ? source.name : source.module}.${wrong}`,
    got: 'auto',
    expected: `no 'auto' for this loss`,
    remedy: `Give a number, leave it out, or use a loss that can choose it: ${able.join(', ')}.`,
  });
}

/** The loss without the options that are `'auto'`. Throws as `automaticOptions` does. */
export function withoutAutomatic(source: LossSource): LossSource {
  return replaceOptions(source, Object.fromEntries(automaticOptions(source).map((option) => [option, undefined])));
}

/** A loss with other options over its own; undefined takes an option out. A loss that is an object stays as it is. */
export function replaceOptions(source: LossSource, options: RawOptions): LossSource {
  return 'evaluate' in source ? source : { ...source, options: definedOnly({ ...source.options, ...options }) };
}

/** Throws when `value` lacks a part of the Loss contract, or needs states and cannot update them; `origin` names it in the message. */
export function checkLoss(value: unknown, origin: string): Loss {
  const loss = value as Partial<Loss> | null | undefined;
  const whole =
    typeof loss?.name === 'string' &&
    typeof loss.evaluate === 'function' &&
    typeof loss.allowsDotScores === 'boolean' &&
    typeof loss.parameters === 'object';
  const shape = 'an object with name, parameters, allowsDotScores and evaluate(scores, gradients, context)';
  const fault = whole ? needsFault(loss as Loss) : shape;
  if (fault === undefined) return loss as Loss;
  throw new TaurecError('bad-option', { option: origin, got: whole ? loss.name : value, expected: fault });
}

/** Refuses a loss whose value has no lower bound under the given score. */
export function checkScore(loss: Loss, score: 'cosine' | 'dot'): void {
  if (score === 'cosine' || loss.allowsDotScores) return;
  throw new TaurecError('bad-option', {
    option: 'score',
    got: score,
    expected: `cosine for loss ${loss.name} with ${JSON.stringify(loss.parameters)}`,
    remedy: 'With inner products and a negativeWeight other than 1 the loss has no lower bound: use negativeWeight 1.',
  });
}

function definedOnly(options: RawOptions = {}): RawOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The search by which training chooses the option of a built-in loss that is `'auto'`; undefined where it cannot. */
export function automaticSearch(name: string, option: string): AutomaticSearch | undefined {
  const schema = declarationOf(name)?.options.shape[option];
  return schema && optionFacts(schema as z.ZodType)?.automatic;
}

function declarationOf(name: string): LossDeclaration | undefined {
  return Object.hasOwn(lossDeclarations, name) ? lossDeclarations[name as LossName] : undefined;
}
