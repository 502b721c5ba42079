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
import { Talos } from './talos.ts';

/** A loss class with its declaration. */
interface BuiltInLoss {
  new (options?: RawOptions): Loss;
  readonly declaration: LossDeclaration;
}

/** Every built-in loss by name. This is the only list: names, flags, help and search spaces are derived from it. */
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
  talos: Talos,
  sogclr: GlobalContrastiveLoss,
  advinfonce: AdversarialInfoNce,
  llpauc: LowerLeftPartialAuc,
} satisfies Record<string, BuiltInLoss>;

/** The name of a built-in loss. */
export type LossName = keyof typeof losses;

/** The names of the built-in losses. */
export const lossNames = Object.keys(losses) as LossName[];

/** The declaration of each built-in loss. */
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
 * Creates a built-in loss from its name and options, or checks and returns a loss object. `loadLoss` handles modules.
 *
 * @throws TaurecError `unknown-name` for an unknown loss or option, `bad-option` for a value out of bounds, a module, or an incomplete loss object
 */
export function createLoss(source: LossSource): Loss {
  // The order matters: a loss object has a name too, so the test for an object comes first.
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

/** Fills in the options of a built-in loss that depend on the size of the catalogue, unless they are given (such as τ; gbce's `items`). Returns any other source unchanged. */
export function fitLoss(source: LossSource, items: number): LossSource {
  const byCatalogue = 'evaluate' in source || !('name' in source) ? undefined : declarationOf(source.name)?.byCatalogue;
  if (!byCatalogue) return source;
  // A given option wins over the fitted one, so it is spread last. An explicit undefined counts as not given.
  const given = definedOnly((source as { options?: RawOptions }).options);
  return { ...source, options: { ...byCatalogue(items, given), ...given } };
}

/**
 * The options of a loss whose value is `'auto'`: training chooses them by validation.
 * @throws TaurecError `bad-option` when training cannot choose that option for this loss
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

/** The loss without its `'auto'` options. Throws like `automaticOptions`. */
export function withoutAutomatic(source: LossSource): LossSource {
  return replaceOptions(source, Object.fromEntries(automaticOptions(source).map((option) => [option, undefined])));
}

/** Overrides options of a loss; a value of undefined removes the option. A loss object is returned unchanged. */
export function replaceOptions(source: LossSource, options: RawOptions): LossSource {
  return 'evaluate' in source ? source : { ...source, options: definedOnly({ ...source.options, ...options }) };
}

/**
 * Returns `value` when it fulfils the `Loss` contract.
 * @param origin the option or module to name in the error
 * @throws TaurecError `bad-option` when a member is missing, or when `needs` and `updateStates` do not match
 */
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

/**
 * Rejects a loss that has no lower bound under the given score.
 * @throws TaurecError `bad-option`
 */
export function checkScore(loss: Loss, score: 'cosine' | 'dot'): void {
  if (score === 'cosine' || loss.allowsDotScores) return;
  throw new TaurecError('bad-option', {
    option: 'score',
    got: score,
    expected: `cosine for loss ${loss.name} with ${JSON.stringify(loss.parameters)}`,
    remedy:
      'Use cosine scores. Softmax losses take inner products only with negativeWeight 1 and without userTau: otherwise they have no lower bound.',
  });
}

/** The options without those that are undefined. */
function definedOnly(options: RawOptions = {}): RawOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The search by which training chooses the option of a built-in loss that is `'auto'`; undefined where it cannot. */
export function automaticSearch(name: string, option: string): AutomaticSearch | undefined {
  const schema = declarationOf(name)?.options.shape[option];
  return schema && optionFacts(schema as z.ZodType)?.automatic;
}

/** The declaration of a built-in loss; undefined for any other name. `hasOwn` keeps names such as `constructor` out. */
function declarationOf(name: string): LossDeclaration | undefined {
  return Object.hasOwn(lossDeclarations, name) ? lossDeclarations[name as LossName] : undefined;
}
