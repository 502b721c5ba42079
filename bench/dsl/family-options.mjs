import { atLeast, finite, OptionSet, oneOf, positive } from '../../dist/option.js';

/** The options of the family: every axis of the search, declared once. */
export const familyOptions = new OptionSet('loss', 'dsl family', {
  /** τ > 0, default .1: geometric mean of the temperatures of the positives. */
  tau: positive.default(0.1),
  /** λ ≥ 0, default 1. */
  negativeWeight: atLeast(0).default(1),
  /** h_j, the hardness of a negative: its score; its rank, from 0 (easiest) to 1; −log of its place among n from the top; or log(1 + n p_j), with p_j its share of the row's softmax at τ. */
  hardness: oneOf(['score', 'rank', 'log-rank', 'share']).default('score'),
  /** κ_h, default 0. */
  kappaHardness: finite.default(0),
  /** c_ij, the similarity of a negative to the positive: the cosine of the embeddings, or of the columns of the training matrix. */
  similarity: oneOf(['cosine', 'co-occurrence']).default('cosine'),
  /** κ_s, default 0. */
  kappaSimilarity: finite.default(0),
  /** κ_p, default 0: strength of the product of the two. */
  kappaProduct: finite.default(0),
  /** What the similarity belongs to: each positive, or the mean over the row's positives. */
  by: oneOf(['positive', 'user']).default('positive'),
  /** Unit of h and c: their deviation over the row's negatives, or 1. */
  unit: oneOf(['deviation', 'raw']).default('deviation'),
  /** Log weights are clipped to ±clip, default 1000: never. */
  clip: positive.default(1000),
  /** I_ui, the intensity of the competition over the slate: mean sigmoid of (s_j − s_i)/τ; log odds of the slate's mass against the positive's; or log of the effective number of competitors, (Σp)²/Σp². */
  intensity: oneOf(['gap', 'mass', 'number']).default('gap'),
  /** γ, default 0: the log temperature changes by γ per standard deviation of I. */
  competition: finite.default(0),
  /** The slate: negatives with the largest weighted term s_j/τ + ω_ij, the largest scores, or the largest similarities. */
  slate: oneOf(['weighted', 'plain', 'similar']).default('weighted'),
  /** M ≥ 1, the size of the slate. */
  size: atLeast(1).default(64),
  /** r ≥ 1: temperatures stay within τ/r … τ·r. */
  range: atLeast(1).default(2),
  /** Moments of I: running over about 20 steps, or those of the last batch. */
  moments: oneOf(['running', 'batch']).default('running'),
  /** Divisor of an example: the common τ, or its τ_i, which also weights the example by τ/τ_i. */
  divisor: oneOf(['common', 'own']).default('common'),
});
