import type { Floats } from './loss.ts';
import { weightSum } from './weighted-mean.ts';

/**
 * One side of a pointwise loss: returns scale · E_i value(x_i) and overwrites `gradients` with scale · w_i/Σw · slope(x_i).
 *
 * Absent weights are all 1. When all weights are 0, the result and the gradients are 0. An entry of weight 0 is never passed to `value` or `slope`,
 * so it may hold any number.
 * @param slope the derivative of `value`
 */
export function pointwise(
  x: Floats,
  weights: Floats | undefined,
  gradients: Floats,
  scale: number,
  value: (score: number) => number,
  slope: (score: number) => number,
): number {
  const total = weightSum(x.length, weights);
  const unit = total > 0 ? scale / total : 0;
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const share = unit * (weights ? weights[i]! : 1);
    if (share !== 0) sum += share * value(x[i]!);
    gradients[i] = share === 0 ? 0 : share * slope(x[i]!);
  }
  return sum;
}
