import type { Floats, Loss, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
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
    return (
      squares(positives, positiveWeights, gradients.positives, 1, 1) +
      squares(negatives, negativeWeights, gradients.negatives, 0, this.negativeWeight)
    );
  }
}

/** scale · E_i (target − x_i)²; overwrites the gradients. */
function squares(x: Floats, weights: Floats | undefined, gradients: Floats, target: number, scale: number): number {
  const total = weightSum(x.length, weights);
  const unit = total > 0 ? scale / total : 0;
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const share = unit * (weights ? weights[i]! : 1);
    const error = share === 0 ? 0 : x[i]! - target;
    sum += share * error * error;
    gradients[i] = 2 * share * error;
  }
  return sum;
}
