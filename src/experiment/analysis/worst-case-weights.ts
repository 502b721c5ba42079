import { logExpectationExp } from '../../loss/log-expectation-exp.ts';

/** What a temperature makes of one user's negatives. */
export interface WorstCase {
  /** Mean and variance (divided by n) of the scores, all alike. */
  readonly mean: number;
  readonly variance: number;
  /** LEE_τ = τ · log( mean_j exp(s_j/τ) ). */
  readonly logExpectationExp: number;
  /** 1/Σp² as a part of n, in (0, 1]: n/Σ(n p_j)². */
  readonly effectiveShare: number;
  /** η = KL(p‖uniform) ≥ 0. */
  readonly radius: number;
}

/**
 * The worst-case weights p_j = exp(s_j/τ) / Σ_k exp(s_k/τ) of scores that count alike, and what is to be said of them.
 *
 * With y_j = log(n p_j) = (s_j − LEE_τ)/τ the radius is η = mean_j φ(y_j), φ(y) = y e^y − e^y + 1 ≥ 0: no term cancels another, so η is as exact at 1e-20 as at 1
 * (η = (E_p[s] − LEE_τ)/τ, the same number, is lost in rounding at large τ).
 *
 * @param scores of n ≥ 1 negatives, finite.
 * @param tau > 0 or Infinity: all weights alike, η = 0.
 * @param logWeights receives y_j = log(n p_j), 0 for a weight that is as large as a uniform one; as long as `scores`.
 */
export function worstCaseWeights(scores: Float64Array, tau: number, logWeights: Float64Array): WorstCase {
  const n = scores.length;
  // holds the weights n·p_j until the loop below has used them
  const lee = logExpectationExp(scores, tau, undefined, logWeights, n);
  let sum = 0;
  for (let j = 0; j < n; j++) sum += scores[j]!;
  const mean = sum / n;
  let squares = 0;
  let divergence = 0;
  let squaredWeights = 0;
  for (let j = 0; j < n; j++) {
    const s = scores[j]!;
    const weight = logWeights[j]!;
    const logWeight = (s - lee) / tau;
    logWeights[j] = logWeight;
    squares += (s - mean) * (s - mean);
    squaredWeights += weight * weight;
    divergence += divergenceTerm(logWeight, weight);
  }
  return {
    mean,
    variance: squares / n,
    logExpectationExp: lee,
    effectiveShare: Math.min(1, n / squaredWeights),
    radius: divergence / n,
  };
}

/** φ(y) = y e^y − e^y + 1 = Σ_{k≥2} y^k (k − 1)/k!, where `exponential` is e^y. */
function divergenceTerm(y: number, exponential: number): number {
  if (y > 0.25 || y < -0.25) return exponential * (y - 1) + 1;
  let factor = 0;
  for (let k = series.length - 1; k >= 0; k--) factor = factor * y + series[k]!;
  return factor * y * y;
}

/** (k − 1)/k! for k = 2 … 12: what is left out at |y| = 1/4 is below 1e-16 of the whole. */
const series = Float64Array.from({ length: 11 }, (_, at) => {
  let factorial = 1;
  for (let k = 2; k <= at + 2; k++) factorial *= k;
  return (at + 1) / factorial;
});
