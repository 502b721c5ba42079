import type { Floats } from './loss.ts';

/** The smallest standard deviation to divide by; with nearly equal values, rounding errors would otherwise decide z. */
export const LEAST_DEVIATION = 1e-3;

/**
 * Adds standardised values: target_j += factor · z(x_j), z(x_j) = (x_j − m)/max(d, 1e-3), with m and d the weighted mean and standard deviation of x.
 *
 * Entries of weight 0 stay unchanged; absent weights are all 1.
 */
export function addStandardized(target: Floats, x: Floats, factor: number, weights?: Floats): void {
  const weightOf = (j: number) => (weights ? weights[j]! : 1);
  let total = 0;
  let sum = 0;
  for (let j = 0; j < x.length; j++) {
    if (weightOf(j) === 0) continue;
    total += weightOf(j);
    sum += weightOf(j) * x[j]!;
  }
  if (total === 0) return;
  const mean = sum / total;
  // A second pass about the mean: the one-pass formula E x² − m² cancels for close values.
  let squares = 0;
  for (let j = 0; j < x.length; j++) if (weightOf(j) !== 0) squares += weightOf(j) * (x[j]! - mean) ** 2;
  const scale = factor / Math.max(Math.sqrt(squares / total), LEAST_DEVIATION);
  for (let j = 0; j < x.length; j++) if (weightOf(j) !== 0) target[j]! += scale * (x[j]! - mean);
}
