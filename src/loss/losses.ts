import { TaurecError } from '../errors.ts';
import { AdversarialInfoNce } from './advinfonce.ts';
import { automaticTau } from './automatic-tau.ts';
import { BinaryCrossEntropy } from './bce.ts';
import { BayesianPersonalizedRanking } from './bpr.ts';
import { BilateralSoftmaxLoss } from './bsl.ts';
import { CosineContrastiveLoss } from './ccl.ts';
import { DualScaleSoftmaxLoss } from './dsl.ts';
import { GeneralizedBinaryCrossEntropy } from './gbce.ts';
import { LowerLeftPartialAuc } from './llpauc.ts';
import type { Loss, LossSource } from './loss.ts';
import { needsFault } from './loss-needs.ts';
import type { RawOptions } from './loss-options.ts';
import { MeanSquaredError } from './mse.ts';
import { PairwiseSoftmaxLoss } from './psl.ts';
import { SoftmaxLoss } from './sl.ts';
import { SoftmaxLossAtK } from './slatk.ts';
import { GlobalContrastiveLoss } from './sogclr.ts';

/** An option that training can choose by validation when it is given as `'auto'`. */
export type SearchedOption = 'tau' | 'negativeWeight';
const searchedOptions: readonly SearchedOption[] = ['tau', 'negativeWeight'];

interface LossEntry {
  /** Options that follow from the number of items when they are not among the given ones. */
  readonly byCatalogue?: (items: number, given: RawOptions) => RawOptions;
  /** Options that may be `'auto'` in a training configuration. */
  readonly searched?: readonly SearchedOption[];
  readonly create: (options?: RawOptions) => Loss;
  /** The score it is trained with unless told otherwise. */
  readonly score: 'cosine' | 'dot';
}

/** A loss with a temperature and a weight of its negatives. */
const tempered = { byCatalogue: temperature, searched: searchedOptions } satisfies Partial<LossEntry>;

/** Every built-in loss by name; the only list. */
const losses = {
  sl: { create: (options) => new SoftmaxLoss(options), score: 'cosine', ...tempered },
  bsl: { create: (options) => new BilateralSoftmaxLoss(options), score: 'cosine', ...tempered },
  dsl: { create: (options) => new DualScaleSoftmaxLoss(options), score: 'cosine', ...tempered },
  bpr: { create: (options) => new BayesianPersonalizedRanking(options as Record<string, never>), score: 'dot' },
  bce: { create: (options) => new BinaryCrossEntropy(options), score: 'dot' },
  gbce: { create: (options) => new GeneralizedBinaryCrossEntropy(options), score: 'dot', byCatalogue: catalogueSize },
  mse: { create: (options) => new MeanSquaredError(options), score: 'dot' },
  ccl: { create: (options) => new CosineContrastiveLoss(options), score: 'cosine' },
  psl: {
    create: (options) => new PairwiseSoftmaxLoss(options),
    score: 'cosine',
    ...tempered,
    byCatalogue: pairwiseTemperature,
  },
  slatk: { create: (options) => new SoftmaxLossAtK(options), score: 'cosine', ...tempered },
  sogclr: { create: (options) => new GlobalContrastiveLoss(options), score: 'cosine', ...tempered },
  advinfonce: { create: (options) => new AdversarialInfoNce(options), score: 'cosine', ...tempered },
  llpauc: { create: (options) => new LowerLeftPartialAuc(options), score: 'cosine' },
} satisfies Record<string, LossEntry>;

/** The name of a built-in loss. */
export type LossName = keyof typeof losses;

/** The names of the built-in losses. */
export const lossNames = Object.keys(losses) as LossName[];

/** The score a loss is trained with unless told otherwise: dot for bpr, bce, gbce and mse, cosine for all others, also for custom losses. */
export function defaultScore(source: LossSource): 'cosine' | 'dot' {
  return 'name' in source ? (entry(source.name)?.score ?? 'cosine') : 'cosine';
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
  const known = entry(source.name);
  if (!known) throw new TaurecError('unknown-name', { kind: 'loss', got: source.name, known: lossNames });
  return known.create(source.options);
}

/** A built-in loss with the options that nobody gave filled in for a catalogue of `items`; any other source as it is. */
export function fitLoss(source: LossSource, items: number): LossSource {
  const byCatalogue = 'evaluate' in source || !('name' in source) ? undefined : entry(source.name)?.byCatalogue;
  if (!byCatalogue) return source;
  const given = definedOnly((source as { options?: RawOptions }).options);
  return { ...source, options: { ...byCatalogue(items, given), ...given } };
}

/**
 * The options of a loss that are given as `'auto'`, for training to choose.
 * @throws TaurecError `bad-option` where the loss has no such option that can be chosen so
 */
export function automaticOptions(source: LossSource): SearchedOption[] {
  if ('evaluate' in source || ('name' in source && !entry(source.name))) return [];
  const asked = searchedOptions.filter((option) => source.options?.[option] === 'auto');
  const searched = 'name' in source ? (entry(source.name)?.searched ?? []) : [];
  const [wrong] = asked.filter((option) => !searched.includes(option));
  if (wrong === undefined) return asked;
  const able = lossNames.filter((name) => entry(name)!.searched?.includes(wrong));
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

function temperature(items: number): RawOptions {
  return { tau: automaticTau(items) };
}

/** Three quarters of the softmax loss's: the activations are flatter than the exp(2d) in their place (measured: docs/losses.md). */
function pairwiseTemperature(items: number): RawOptions {
  return { tau: Math.round(750 * automaticTau(items)) / 1000 };
}

/** An exponent that is given needs no catalogue to follow from. */
function catalogueSize(items: number, given: RawOptions): RawOptions {
  return given.beta === undefined ? { items } : {};
}

function definedOnly(options: RawOptions = {}): RawOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function entry(name: string): LossEntry | undefined {
  return Object.hasOwn(losses, name) ? losses[name as LossName] : undefined;
}
