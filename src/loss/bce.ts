import type { Loss, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { LossOptions, type RawOptions } from './loss-options.ts';
import { sigmoid, softplus } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

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
    const positiveTotal = weightSum(positives.length, positiveWeights);
    const negativeTotal = weightSum(negatives.length, negativeWeights);
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = positiveTotal > 0 ? (positiveWeights ? positiveWeights[i]! : 1) / positiveTotal : 0;
      if (share !== 0) value += share * softplus(-positives[i]!);
      gradients.positives[i] = -share * sigmoid(-positives[i]!);
    }
    for (let j = 0; j < negatives.length; j++) {
      const w = negativeWeights ? negativeWeights[j]! : 1;
      const share = negativeTotal > 0 ? (this.negativeWeight * w) / negativeTotal : 0;
      if (share !== 0) value += share * softplus(negatives[j]!);
      gradients.negatives[j] = share * sigmoid(negatives[j]!);
    }
    return value;
  }
}
