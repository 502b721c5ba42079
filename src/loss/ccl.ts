import type { Loss, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { LossOptions, type RawOptions } from './loss-options.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

export interface CosineContrastiveOptions {
  /** m in [−1, 1], default .8: negatives below it are left alone. */
  readonly margin?: number;
  /** c ≥ 0, default 5: weight of the negatives' mean. */
  readonly negativeWeight?: number;
}

/**
 * Cosine contrastive loss:
 *
 *     value = E_i (1 − s_i) + c · E_j max(0, s_j − m)
 *     ∂/∂s_i = −w_i/Σw,   ∂/∂s_j = c [s_j > m] w_j/Σw
 *
 * Cosine scores only. Mao et al., "SimpleX: A simple and strong baseline for collaborative filtering", CIKM 2021.
 */
export class CosineContrastiveLoss implements Loss {
  readonly name = 'ccl';
  readonly margin: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = false;

  /** @throws TaurecError `bad-option`, `unknown-name` */
  constructor(options: CosineContrastiveOptions = {}) {
    const read = new LossOptions('ccl', options as RawOptions, ['margin', 'negativeWeight']);
    this.margin = read.within('margin', 0.8, -1, 1);
    this.negativeWeight = read.weight('negativeWeight', 5);
    this.parameters = { margin: this.margin, negativeWeight: this.negativeWeight };
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, _context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const total = weightSum(negatives.length, negativeWeights);
    const unit = total > 0 ? this.negativeWeight / total : 0;
    let excess = 0;
    for (let j = 0; j < negatives.length; j++) {
      const over = negatives[j]! - this.margin;
      const share = over > 0 ? unit * (negativeWeights ? negativeWeights[j]! : 1) : 0;
      if (share > 0) excess += share * over;
      gradients.negatives[j] = share;
    }
    const pulled = weightSum(positives.length, positiveWeights) > 0 ? 1 : 0;
    return pulled - weightedMean(positives, positiveWeights, gradients.positives, -1) + excess;
  }
}
