import type { Floats } from './loss.ts';

/** Σ w_i over `length` weights; absent weights are all 1. */
export function weightSum(length: number, weights?: Floats): number {
  if (!weights) return length;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += weights[i]!;
  return sum;
}

/**
 * E_i x_i = Σ w_i x_i / Σ w_i; 0 when all weights are 0. Overwrites `gradients`, when given, with scale · w_i / Σ w.
 *
 * Equals `logExpectationExp` at τ = Infinity. Losses use it for the positives, whose rows are too short for a kernel to pay.
 */
export function weightedMean(x: Floats, weights?: Floats, gradients?: Floats, scale = 1): number {
  const total = weightSum(x.length, weights);
  const inverse = total > 0 ? 1 / total : 0;
  let mean = 0;
  for (let i = 0; i < x.length; i++) {
    const share = (weights ? weights[i]! : 1) * inverse;
    if (share !== 0) mean += share * x[i]!;
    if (gradients) gradients[i] = scale * share;
  }
  return mean;
}
