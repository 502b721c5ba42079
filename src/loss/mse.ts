import type { Loss, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { LossOptions, type RawOptions } from './loss-options.ts';
import { weightSum } from './weighted-mean.ts';

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
    const positiveTotal = weightSum(positives.length, positiveWeights);
    const negativeTotal = weightSum(negatives.length, negativeWeights);
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = positiveTotal > 0 ? (positiveWeights ? positiveWeights[i]! : 1) / positiveTotal : 0;
      const missing = 1 - positives[i]!;
      value += share * missing * missing;
      gradients.positives[i] = -2 * share * missing;
    }
    for (let j = 0; j < negatives.length; j++) {
      const w = negativeWeights ? negativeWeights[j]! : 1;
      const share = negativeTotal > 0 ? (this.negativeWeight * w) / negativeTotal : 0;
      value += share * negatives[j]! * negatives[j]!;
      gradients.negatives[j] = 2 * share * negatives[j]!;
    }
    return value;
  }
}
