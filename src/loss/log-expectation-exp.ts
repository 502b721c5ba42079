import type { Floats } from './loss.ts';

/**
 * Log-Expectation-Exp, the primitive of the softmax losses:
 *
 *     LEE_τ(x; w) = τ · log( Σ_j w_j exp(x_j/τ) / Σ_j w_j )
 *     ∂LEE/∂x_j   = p_j = w_j exp(x_j/τ) / Σ_k w_k exp(x_k/τ)
 *
 * τ = Infinity gives the weighted mean Σ w_j x_j / Σ w_j; τ → 0 gives the maximum. An entry of weight 0 is masked: it has no effect, and its p is 0.
 * With no entries, or all weights 0, the value is 0. This function defines the result; the engine's kernels are tested against it.
 *
 * @param x finite values, any length
 * @param tau temperature, > 0 or Infinity
 * @param weights one per entry of `x`, ≥ 0; absent means all 1
 * @param probabilities receives scale · p; same length as `x`
 * @param scale factor of the probabilities, default 1; it does not change the value
 * @returns the value, computed in double precision for any array type
 */
export function logExpectationExp(x: Floats, tau: number, weights?: Floats, probabilities?: Floats, scale = 1): number {
  let total = 0;
  // The extremes of the unmasked entries: `highest` is the shift against overflow, the range decides between log and log1p below.
  let highest = -Infinity;
  let lowest = Infinity;
  for (let j = 0; j < x.length; j++) {
    const w = weights ? weights[j]! : 1;
    if (w === 0) continue;
    total += w;
    if (x[j]! > highest) highest = x[j]!;
    if (x[j]! < lowest) lowest = x[j]!;
  }
  if (total === 0) {
    probabilities?.fill(0);
    return 0;
  }
  if (tau === Infinity) return weightedMean(x, total, weights, probabilities, scale);
  // Without weights the largest term is exp(0) = 1; with weights the largest product w · exp is scaled to 1.
  const shift = weights ? highestLogTerm(x, tau, weights, highest) : 0;
  let sum = 0;
  for (let j = 0; j < x.length; j++) {
    const w = weights ? weights[j]! : 1;
    // The weight enters as log w inside the exponent, so that neither a tiny nor a huge weight leaves the range of doubles.
    const term = w === 0 ? 0 : Math.exp((x[j]! - highest) / tau + (w === 1 ? 0 : Math.log(w)) - shift);
    sum += term;
    if (probabilities) probabilities[j] = term;
  }
  if (probabilities) for (let j = 0; j < x.length; j++) probabilities[j]! *= scale / sum;
  // When all exp(x/τ) are close to 1 (large τ), log(mean) cancels and τ magnifies the error: take log1p of the mean of expm1.
  if ((highest - lowest) / tau < 1) return highest + tau * Math.log1p(meanExpm1(x, tau, total, weights, highest));
  return highest + tau * (shift + Math.log(sum / total));
}

/** The limit τ → ∞: the weighted mean. */
function weightedMean(x: Floats, total: number, weights?: Floats, probabilities?: Floats, scale = 1): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) {
    const w = weights ? weights[j]! : 1;
    if (w !== 0) sum += w * x[j]!;
    if (probabilities) probabilities[j] = (scale * w) / total;
  }
  return sum / total;
}

/** max_j (x_j − highest)/τ + log w_j: after this shift the largest term is 1. */
function highestLogTerm(x: Floats, tau: number, weights: Floats, highest: number): number {
  let shift = -Infinity;
  for (let j = 0; j < x.length; j++) {
    if (weights[j]! === 0) continue;
    const logTerm = (x[j]! - highest) / tau + Math.log(weights[j]!);
    if (logTerm > shift) shift = logTerm;
  }
  return shift;
}

/** Σ w_j expm1((x_j − highest)/τ) / Σ w_j, the argument of log1p above. */
function meanExpm1(x: Floats, tau: number, total: number, weights: Floats | undefined, highest: number): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) {
    const w = weights ? weights[j]! : 1;
    if (w !== 0) sum += w * Math.expm1((x[j]! - highest) / tau);
  }
  return sum / total;
}
