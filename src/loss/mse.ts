import type { Loss, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { LossOptions, type RawOptions } from './loss-options.ts';
import { pointwise } from './pointwise.ts';

export interface MeanSquaredErrorOptions {
  /** c ≥ 0, default 1: weight of the negatives' mean. */
  readonly negativeWeight?: number;
}

/**
 * Mean squared error, positives towards 1 and negatives towards 0:
 *
 *     value = E_i (1 − s_i)² + c · E_j s_j²
 *     ∂/∂s_i = −2 (1 − s_i) w_i/Σw,   ∂/∂s_j = 2 c s_j w_j/Σw
 *
 * Hu, Koren & Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008.
 */
export class MeanSquaredError implements Loss {
  readonly name = 'mse';
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = true;

  /** @throws TaurecError `bad-option`, `unknown-name` */
  constructor(options: MeanSquaredErrorOptions = {}) {
    const read = new LossOptions('mse', options as RawOptions, ['negativeWeight']);
    this.negativeWeight = read.weight('negativeWeight', 1);
    this.parameters = { negativeWeight: this.negativeWeight };
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, _context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    return (
      pointwise(positives, positiveWeights, gradients.positives, 1, missing, missingSlope) +
      pointwise(negatives, negativeWeights, gradients.negatives, this.negativeWeight, square, squareSlope)
    );
  }
}

const missing = (s: number) => (1 - s) ** 2;
const missingSlope = (s: number) => -2 * (1 - s);
const square = (s: number) => s * s;
const squareSlope = (s: number) => 2 * s;
