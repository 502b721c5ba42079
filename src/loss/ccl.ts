import { notNegative, OptionSet, type OptionsOf, option, within, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { negativeWeightFacts } from './softmax-family.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'ccl', {
  /** m in [−1, 1], default .8: negatives below it are left alone. */
  margin: option(within(-1, 1).default(0.8), {
    help: 'margin: negatives that score less count nothing',
    search: { uniform: [0.2, 0.95], start: 0.8 },
  }),
  /** c ≥ 0, default 5: weight of the negatives' mean. */
  negativeWeight: option(notNegative.default(5), {
    ...negativeWeightFacts,
    search: { logUniform: [1, 100], start: 5 },
  }),
});

/** Options of the cosine contrastive loss. */
export type CosineContrastiveOptions = OptionsOf<typeof options>;

/**
 * Cosine contrastive loss:
 *
 *     value = E_i (1 − s_i) + c · E_j max(0, s_j − m)
 *     ∂/∂s_i = −w_i/Σw,   ∂/∂s_j = c [s_j > m] w_j/Σw
 *
 * Cosine scores only. Mao et al., "SimpleX: A simple and strong baseline for collaborative filtering", CIKM 2021.
 */
export class CosineContrastiveLoss implements Loss {
  static readonly declaration: LossDeclaration = { options, score: 'cosine' };
  readonly name = 'ccl';
  readonly margin: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = false;

  /** @throws TaurecError `bad-option`, `unknown-name` */
  constructor(given: CosineContrastiveOptions = {}) {
    const { margin, negativeWeight } = options.read(given);
    this.margin = margin;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ margin, negativeWeight });
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
