import { OptionSet, type OptionsOf, option, temperature, whole, writtenOptions } from '../option.ts';
import { KthLargest } from './kth-largest.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { finiteTau, lambda, softmaxFamily } from './softmax-family.ts';
import { sigmoid } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'slatk', {
  /** τ > 0, finite, default .1; as in the softmax loss. */
  tau: finiteTau,
  /** K ≥ 1, default 20: length of the list whose NDCG the loss bounds. */
  k: whole(1).default(20),
  /** τ_w > 0, default 4: a smaller τ_w makes the weight of a positive fall more sharply below the K-th score. Infinity ("inf") gives every positive the weight ½. */
  tauWeight: option(temperature.default(4), {
    help: "temperature of the positives' weights",
    search: { logUniform: [2, 10], start: 4 },
    searchLast: true,
  }),
  /** λ ≥ 0, default 1. Values other than 1 need cosine scores. */
  negativeWeight: lambda,
});

/** Options of SL@K. */
export type SoftmaxLossAtKOptions = OptionsOf<typeof options>;

/**
 * SL@K, a bound of NDCG@K (docs/losses/slatk.md):
 *
 *     value = E_i ω_i · A_i,   A_i = ( −s_i + λ · LEE_τ(s_j) ) / τ + log n,   ω_i = σ((s_i − β)/τ_w),   n = Σ_j w_j
 *     ∂/∂s_i = w_i/Σw · ( ω_i (1 − ω_i) A_i/τ_w − ω_i/τ ),   ∂/∂s_j = (λ/τ) E_i ω_i · p_j
 *
 * β is the K-th largest of the row's scores and a constant to the gradient. A positive counts once and a negative as often as its weight; with fewer than K scores, β is
 * the smallest. Without negatives the value is 0. Source: Yang et al., "Breaking the top-K barrier: Advancing top-K ranking metrics optimization in recommender
 * systems", KDD 2025.
 */
export class SoftmaxLossAtK implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'slatk';
  readonly tau: number;
  readonly k: number;
  readonly tauWeight: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;
  private readonly kthLargest: KthLargest;

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: SoftmaxLossAtKOptions = {}) {
    const { tau, k, tauWeight, negativeWeight } = options.read(given);
    this.tau = tau;
    this.k = k;
    this.tauWeight = tauWeight;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ tau, k, tauWeight, negativeWeight });
    this.allowsDotScores = negativeWeight === 1;
    this.kthLargest = new KthLargest(k);
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const n = weightSum(negatives.length, negativeWeights);
    const positiveTotal = weightSum(positives.length, positiveWeights);
    if (n === 0 || positiveTotal === 0) {
      gradients.positives.fill(0);
      gradients.negatives.fill(0);
      return 0;
    }
    const beta = this.threshold(scores);
    const { tau, tauWeight, negativeWeight } = this;
    // First pass: `gradients.positives` holds the weights ω_i. The A_i need LEE, whose gradient scale needs the mean of ω first.
    let meanWeight = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = (positiveWeights ? positiveWeights[i]! : 1) / positiveTotal;
      const weight = sigmoid((positives[i]! - beta) / tauWeight);
      gradients.positives[i] = weight;
      meanWeight += share * weight;
    }
    const scale = (negativeWeight * meanWeight) / tau;
    const negative = context.logExpectationExp(negatives, tau, negativeWeights, gradients.negatives, scale);
    const common = (negativeWeight * negative) / tau + Math.log(n);
    // Second pass: A_i = common − s_i/τ.
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = (positiveWeights ? positiveWeights[i]! : 1) / positiveTotal;
      const weight = gradients.positives[i]!;
      const loss = common - positives[i]! / tau;
      value += share * weight * loss;
      gradients.positives[i] = share * weight * (((1 - weight) * loss) / tauWeight - 1 / tau);
    }
    return value;
  }

  /** β of a row, over its positives and negatives. */
  private threshold({ positives, negatives, negativeWeights }: ScoreRow): number {
    this.kthLargest.clear();
    this.kthLargest.offerAll(positives);
    this.kthLargest.offerAll(negatives, negativeWeights);
    return this.kthLargest.value;
  }
}
