import type { Floats } from './loss.ts';

/** The least deviation that a standardisation divides by. */
export const LEAST_DEVIATION = 1e-3;

/**
 * target_j += factor · z(x_j), z(x_j) = (x_j − m)/max(d, 1e-3), m and d the mean and the deviation of x under the weights. Entries of weight 0 are left as they
 * are; absent weights are all 1.
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
  let squares = 0;
  for (let j = 0; j < x.length; j++) if (weightOf(j) !== 0) squares += weightOf(j) * (x[j]! - mean) ** 2;
  const scale = factor / Math.max(Math.sqrt(squares / total), LEAST_DEVIATION);
  for (let j = 0; j < x.length; j++) if (weightOf(j) !== 0) target[j]! += scale * (x[j]! - mean);
}
