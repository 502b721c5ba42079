import { OptionSet, type RawOptions } from '../option.ts';
import type { Loss, LossDeclaration, LossNeeds, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'bpr', {});

/**
 * Bayesian personalised ranking (docs/losses/bpr.md):
 *
 *     value = E_i E_j softplus(s_j − s_i)
 *     ∂/∂s_j = E_i σ(s_j − s_i) · w_j/Σw,   ∂/∂s_i = −w_i/Σw · E_j σ(s_j − s_i)
 *
 * No options; default score `dot`. A row costs P · n. Source: Rendle et al., "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009.
 */
export class BayesianPersonalizedRanking implements Loss {
  static readonly declaration: LossDeclaration = { options, score: 'dot' };
  readonly name = 'bpr';
  readonly needs: LossNeeds = { pairs: true };
  readonly parameters: Readonly<Record<string, number | string>> = {};
  readonly allowsDotScores = true;

  /** @throws TaurecError `unknown-name` for any option */
  constructor(given: RawOptions = {}) {
    options.read(given);
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, _context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    gradients.positives.fill(0);
    gradients.negatives.fill(0);
    // The product of both sums: dividing each pair's weight w_i w_j by it gives the double mean.
    const total = weightSum(positives.length, positiveWeights) * weightSum(negatives.length, negativeWeights);
    if (total === 0) return 0;
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const positiveShare = (positiveWeights ? positiveWeights[i]! : 1) / total;
      if (positiveShare === 0) continue;
      // Σ of the slopes against all negatives: the negated gradient of this positive.
      let pull = 0;
      for (let j = 0; j < negatives.length; j++) {
        const share = positiveShare * (negativeWeights ? negativeWeights[j]! : 1);
        if (share === 0) continue;
        const difference = negatives[j]! - positives[i]!;
        // One exponential gives both softplus and its derivative: the loop runs P · n times.
        const e = Math.exp(-Math.abs(difference));
        const slope = (share * (difference >= 0 ? 1 : e)) / (1 + e);
        value += share * (Math.max(difference, 0) + Math.log1p(e));
        gradients.negatives[j]! += slope;
        pull += slope;
      }
      gradients.positives[i] = -pull;
    }
    return value;
  }
}
