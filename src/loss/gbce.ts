import { notNegative, OptionSet, type OptionsOf, option, whole, within, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { pointwise } from './pointwise.ts';
import { negativeWeightFacts } from './softmax-family.ts';
import { negatedSigmoid, negatedSoftplus, sigmoid, softplus } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'gbce', {
  /** t in [0, 1], default .75: 0 gives plain BCE, 1 gives probabilities calibrated as if every item were a negative. */
  calibration: option(within(0, 1).default(0.75), {
    help: 'calibration: 0 is plain bce, 1 as if every item were a negative',
    search: { uniform: [0, 1], start: 0.75 },
    searchLast: true,
  }),
  /** Number of items in the catalogue, ≥ 1; training sets it. Absent: the catalogue counts as infinite, so α = 0. */
  items: whole(1).optional(),
  /** The exponent β in [0, 1] itself, instead of `calibration` and `items`. */
  beta: within(0, 1).optional(),
  /** c ≥ 0, default 1: weight of the mean over negatives. c = n gives the paper's sum over negatives. */
  negativeWeight: option(notNegative.default(1), negativeWeightFacts),
});

/** Options of generalised binary cross-entropy. */
export type GeneralizedBinaryCrossEntropyOptions = OptionsOf<typeof options>;

/**
 * Generalised binary cross-entropy, BCE with the probability of the positives raised to β (docs/losses/gbce.md):
 *
 *     value = −E_i log σ(s_i)^β + c · E_j softplus(s_j) = β · E_i softplus(−s_i) + c · E_j softplus(s_j)
 *     β = α ( t (1 − 1/α) + 1/α ) = 1 − t (1 − α),   α = min(1, n/(items − 1)),   n = Σ_j w_j
 *     ∂/∂s_i = −β σ(−s_i) w_i/Σw,   ∂/∂s_j = c σ(s_j) w_j/Σw
 *
 * α is the fraction of the catalogue that a row's negatives cover. Default score `dot`. Source: Petrov & Macdonald, "gSASRec: Reducing overconfidence in sequential
 * recommendation trained with negative sampling", RecSys 2023.
 */
export class GeneralizedBinaryCrossEntropy implements Loss {
  static readonly declaration: LossDeclaration = {
    options,
    score: 'dot',
    // A given β does not depend on the catalogue.
    byCatalogue: (items, { beta }) => (beta === undefined ? { items } : {}),
  };
  readonly name = 'gbce';
  readonly calibration: number;
  readonly items: number | undefined;
  /** The exponent, if it was given. */
  readonly beta: number | undefined;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = true;

  /** @throws TaurecError `bad-option` for a value out of bounds, or `beta` together with `calibration` or `items`; `unknown-name` for an unknown option */
  constructor(given: GeneralizedBinaryCrossEntropyOptions = {}) {
    const { beta, calibration, items, negativeWeight } = options.read(given);
    for (const other of ['calibration', 'items'] as const) {
      if (beta !== undefined && given[other] !== undefined)
        options.fail(given, other, `no ${other} with beta`, 'Leave one of them out.');
    }
    this.beta = beta;
    this.calibration = calibration;
    this.items = items;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({
      ...(beta === undefined ? { calibration } : { beta }),
      items,
      negativeWeight,
    });
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, _context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const exponent = this.exponent(weightSum(negatives.length, negativeWeights));
    return (
      pointwise(positives, positiveWeights, gradients.positives, exponent, negatedSoftplus, negatedSigmoid) +
      pointwise(negatives, negativeWeights, gradients.negatives, this.negativeWeight, softplus, sigmoid)
    );
  }

  /** β for a row whose negatives weigh n in total. */
  exponent(n: number): number {
    if (this.beta !== undefined) return this.beta;
    // α. A positive has items − 1 other items as possible negatives; the maximum guards a catalogue of one item.
    const sampled = this.items === undefined ? 0 : Math.min(1, n / Math.max(1, this.items - 1));
    return 1 - this.calibration * (1 - sampled);
  }
}
