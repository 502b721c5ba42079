import type { Loss, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { LossOptions, type RawOptions } from './loss-options.ts';
import { pointwise } from './pointwise.ts';
import { negatedSigmoid, negatedSoftplus, sigmoid, softplus } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

export interface GeneralizedBinaryCrossEntropyOptions {
  /** t in [0, 1], default .75: 0 is plain BCE, 1 gives probabilities as if every item had been a negative. */
  readonly calibration?: number;
  /** Items of the catalogue; training fills it in. Absent: so many that a row's negatives are a vanishing part of them, α = 0. */
  readonly items?: number;
  /** The positives' exponent β in [0, 1] itself, in place of `calibration` and `items`. */
  readonly beta?: number;
  /** c ≥ 0, default 1: weight of the negatives' mean. The paper's sum over negatives is c = n. */
  readonly negativeWeight?: number;
}

/**
 * Generalised binary cross-entropy, BCE with the positives' probability raised to β:
 *
 *     value = −E_i log σ(s_i)^β + c · E_j softplus(s_j) = β · E_i softplus(−s_i) + c · E_j softplus(s_j)
 *     β = α ( t (1 − 1/α) + 1/α ) = 1 − t (1 − α),   α = min(1, n/(items − 1)),   n = Σ_j w_j
 *     ∂/∂s_i = −β σ(−s_i) w_i/Σw,   ∂/∂s_j = c σ(s_j) w_j/Σw
 *
 * α is the part of the catalogue that a row's negatives are. Petrov & Macdonald, "gSASRec: Reducing overconfidence in sequential recommendation trained with
 * negative sampling", RecSys 2023.
 */
export class GeneralizedBinaryCrossEntropy implements Loss {
  readonly name = 'gbce';
  readonly calibration: number;
  readonly items: number | undefined;
  /** The exponent, when it was given. */
  readonly beta: number | undefined;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = true;

  /** @throws TaurecError `bad-option`, `unknown-name` */
  constructor(options: GeneralizedBinaryCrossEntropyOptions = {}) {
    const read = new LossOptions('gbce', options as RawOptions, ['calibration', 'items', 'beta', 'negativeWeight']);
    this.beta = read.has('beta') ? read.within('beta', 1, 0, 1) : undefined;
    for (const other of ['calibration', 'items']) {
      if (this.beta !== undefined && read.has(other))
        read.fail(other, `no ${other} with beta`, 'Leave one of them out.');
    }
    this.calibration = read.within('calibration', 0.75, 0, 1);
    this.items = read.has('items') ? read.whole('items', 1, 1) : undefined;
    this.negativeWeight = read.weight('negativeWeight', 1);
    const { beta, calibration, items, negativeWeight } = this;
    this.parameters = {
      ...(beta === undefined ? { calibration } : { beta }),
      ...(items !== undefined && { items }),
      negativeWeight,
    };
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, _context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const exponent = this.exponent(weightSum(negatives.length, negativeWeights));
    return (
      pointwise(positives, positiveWeights, gradients.positives, exponent, negatedSoftplus, negatedSigmoid) +
      pointwise(negatives, negativeWeights, gradients.negatives, this.negativeWeight, softplus, sigmoid)
    );
  }

  /** β for a row of n negatives. */
  exponent(n: number): number {
    if (this.beta !== undefined) return this.beta;
    const sampled = this.items === undefined ? 0 : Math.min(1, n / Math.max(1, this.items - 1));
    return 1 - this.calibration * (1 - sampled);
  }
}
