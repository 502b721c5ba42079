import type { Loss, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { LossOptions, type RawOptions } from './loss-options.ts';
import { pointwise } from './pointwise.ts';
import { negatedSigmoid, negatedSoftplus, sigmoid, softplus } from './softplus.ts';

export interface BinaryCrossEntropyOptions {
  /** c ≥ 0, default 1: weight of the negatives' mean. */
  readonly negativeWeight?: number;
}

/**
 * Binary cross-entropy:
 *
 *     value = E_i softplus(−s_i) + c · E_j softplus(s_j)
 *     ∂/∂s_i = −σ(−s_i) w_i/Σw,   ∂/∂s_j = c σ(s_j) w_j/Σw
 *
 * He et al., "Neural collaborative filtering", WWW 2017.
 */
export class BinaryCrossEntropy implements Loss {
  readonly name = 'bce';
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = true;

  /** @throws TaurecError `bad-option`, `unknown-name` */
  constructor(options: BinaryCrossEntropyOptions = {}) {
    const read = new LossOptions('bce', options as RawOptions, ['negativeWeight']);
    this.negativeWeight = read.weight('negativeWeight', 1);
    this.parameters = { negativeWeight: this.negativeWeight };
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, _context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    return (
      pointwise(positives, positiveWeights, gradients.positives, 1, negatedSoftplus, negatedSigmoid) +
      pointwise(negatives, negativeWeights, gradients.negatives, this.negativeWeight, softplus, sigmoid)
    );
  }
}
