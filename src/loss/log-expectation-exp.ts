import type { Floats } from './loss.ts';

/**
 * Log-Expectation-Exp, the primitive of the family:
 *
 *     LEE_τ(x; w) = τ · log( Σ_j w_j exp(x_j/τ) / Σ_j w_j )
 *     ∂LEE/∂x_j   = p_j = w_j exp(x_j/τ) / Σ_k w_k exp(x_k/τ)
 *
 * τ = Infinity is the weighted mean Σ w_j x_j / Σ w_j, τ → 0 the maximum. An entry of weight 0 is masked: it changes nothing and its p is 0.
 * With nothing left (no entry, or all weights 0) the value is 0.
 *
 * @param x values, any length, finite
 * @param tau temperature, > 0 or Infinity
 * @param weights beside `x`, each ≥ 0; absent means all 1
 * @param probabilities receives scale · p, same length as `x`
 * @returns the value; computed in double precision whatever the arrays are
 */
export function logExpectationExp(x: Floats, tau: number, weights?: Floats, probabilities?: Floats, scale = 1): number {
  let total = 0;
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
  const shift = weights ? highestLogTerm(x, tau, weights, highest) : 0;
  let sum = 0;
  for (let j = 0; j < x.length; j++) {
    const w = weights ? weights[j]! : 1;
    const term = w === 0 ? 0 : Math.exp((x[j]! - highest) / tau + (w === 1 ? 0 : Math.log(w)) - shift);
    sum += term;
    if (probabilities) probabilities[j] = term;
  }
  if (probabilities) for (let j = 0; j < x.length; j++) probabilities[j]! *= scale / sum;
  // Where exp(x/τ) is close to 1 everywhere its mean minus 1 would cancel, and τ enlarges what is left of it.
  if ((highest - lowest) / tau < 1) return highest + tau * Math.log1p(meanExpm1(x, tau, total, weights, highest));
  return highest + tau * (shift + Math.log(sum / total));
}

/** The limit τ = Infinity. */
function weightedMean(x: Floats, total: number, weights?: Floats, probabilities?: Floats, scale = 1): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) {
    const w = weights ? weights[j]! : 1;
    if (w !== 0) sum += w * x[j]!;
    if (probabilities) probabilities[j] = (scale * w) / total;
  }
  return sum / total;
}

/** max_j (x_j − highest)/τ + log w_j: the shift that keeps every term ≤ 1 and the largest at 1. */
function highestLogTerm(x: Floats, tau: number, weights: Floats, highest: number): number {
  let shift = -Infinity;
  for (let j = 0; j < x.length; j++) {
    if (weights[j]! === 0) continue;
    const logTerm = (x[j]! - highest) / tau + Math.log(weights[j]!);
    if (logTerm > shift) shift = logTerm;
  }
  return shift;
}

/** Σ w_j expm1((x_j − highest)/τ) / Σ w_j. */
function meanExpm1(x: Floats, tau: number, total: number, weights: Floats | undefined, highest: number): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) {
    const w = weights ? weights[j]! : 1;
    if (w !== 0) sum += w * Math.expm1((x[j]! - highest) / tau);
  }
  return sum / total;
}
