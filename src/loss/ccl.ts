import { notNegative, OptionSet, type OptionsOf, option, within, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { negativeWeightFacts } from './softmax-family.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'ccl', {
  /** m in [−1, 1], default .8: negatives with a score of at most m have no effect. */
  margin: option(within(-1, 1).default(0.8), {
    help: 'margin: negatives that score less have no effect',
    search: { uniform: [0.2, 0.95], start: 0.8 },
  }),
  /** c ≥ 0, default 5: weight of the mean over negatives. */
  negativeWeight: option(notNegative.default(5), {
    ...negativeWeightFacts,
    search: { logUniform: [1, 100], start: 5 },
  }),
});

/** Options of the cosine contrastive loss. */
export type CosineContrastiveOptions = OptionsOf<typeof options>;

/**
 * Cosine contrastive loss (docs/losses/ccl.md):
 *
 *     value = E_i (1 − s_i) + c · E_j max(0, s_j − m)
 *     ∂/∂s_i = −w_i/Σw,   ∂/∂s_j = c [s_j > m] w_j/Σw
 *
 * E_i and E_j are weighted means over positives and negatives. Cosine scores only. A row costs P + n.
 * Source: Mao et al., "SimpleX: A simple and strong baseline for collaborative filtering", CIKM 2021.
 */
export class CosineContrastiveLoss implements Loss {
  static readonly declaration: LossDeclaration = { options, score: 'cosine' };
  readonly name = 'ccl';
  readonly margin: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = false;

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
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
      // The divisor is the weight of all negatives, not of those above the margin: few hard negatives give a small gradient.
      const over = negatives[j]! - this.margin;
      const share = over > 0 ? unit * (negativeWeights ? negativeWeights[j]! : 1) : 0;
      if (share > 0) excess += share * over;
      gradients.negatives[j] = share;
    }
    // E_i 1: the mean of 1 over the positives is 0 when none has weight.
    const pulled = weightSum(positives.length, positiveWeights) > 0 ? 1 : 0;
    return pulled - weightedMean(positives, positiveWeights, gradients.positives, -1) + excess;
  }
}
