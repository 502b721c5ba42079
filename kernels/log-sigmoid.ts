import { log1p4 } from './softplus';
import { exp4, loadSome, maxLanes, storeSome, sumLanes } from './vector';

/**
 * The negative side of a row of Talos (src/loss/talos.ts). With a_j = log σ(x_j − b) and e_j = w_j exp((a_j − a_top)/τ), a_top the largest a_j of weight > 0:
 * gradients_j = scale · σ(b − x_j) e_j / Σ_k e_k, result[0] = a_top, result[1] = Σ_j e_j as f32. At least one weight is > 0.
 * `x`, `weights` and `gradients` are [n] floats. `weights` may be 0 (all 1); weight 0 masks. The last vector is filled up with entries of weight 0, so one loop serves all n.
 */
export function logSigmoidRow(x: usize, n: i32, b: f32, inverseTau: f32, scale: f32, weights: usize, gradients: usize, result: usize): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const lowest = f32x4.splat(-Infinity);
  const threshold = f32x4.splat(b);
  const inverse = f32x4.splat(inverseTau);
  let top = lowest;
  for (let i = 0; i < n; i += 4) {
    const live = f32x4.gt(weightsOf(weights, i, n), zero);
    top = f32x4.pmax(top, v128.bitselect(scoresOf(x, i, n), lowest, live));
  }
  // a increases with the score
  const d = f32x4.splat(b - maxLanes(top));
  const shift = f32x4.neg(f32x4.add(f32x4.pmax(zero, d), log1p4(exp4(f32x4.neg(f32x4.abs(d))))));
  let sums = zero;
  for (let i = 0; i < n; i += 4) {
    const w = weightsOf(weights, i, n);
    const d = f32x4.sub(threshold, scoresOf(x, i, n));
    const e = exp4(f32x4.neg(f32x4.abs(d)));
    // σ(b − x) and −a = softplus(b − x) come from the same exponential
    const slope = f32x4.div(v128.bitselect(one, e, f32x4.ge(d, zero)), f32x4.add(one, e));
    const a = f32x4.neg(f32x4.add(f32x4.pmax(zero, d), log1p4(e)));
    const term = f32x4.mul(w, exp4(f32x4.mul(f32x4.sub(a, shift), inverse)));
    // a masked score may lie above the shift, where the exponential is infinite: select, do not multiply
    const live = v128.and(term, f32x4.gt(w, zero));
    sums = f32x4.add(sums, live);
    const gradient = f32x4.mul(live, slope);
    if (n - i >= 4) v128.store(gradients + (i << 2), gradient);
    else storeSome(gradients + (i << 2), gradient, n - i);
  }
  const sum = sumLanes(sums);
  store<f32>(result, f32x4.extract_lane(shift, 0));
  store<f32>(result, sum, 4);
  const factor = scale / sum;
  const factors = f32x4.splat(factor);
  const whole = n & ~3;
  let i = 0;
  for (; i < whole; i += 4) v128.store(gradients + (i << 2), f32x4.mul(v128.load(gradients + (i << 2)), factors));
  for (; i < n; i++) store<f32>(gradients + (i << 2), load<f32>(gradients + (i << 2)) * factor);
}

// @ts-ignore: decorator
@inline
function scoresOf(x: usize, i: i32, n: i32): v128 {
  return n - i >= 4 ? v128.load(x + (i << 2)) : loadSome(x + (i << 2), n - i);
}

// @ts-ignore: decorator
@inline
function weightsOf(weights: usize, i: i32, n: i32): v128 {
  const left = n - i;
  if (weights) return left >= 4 ? v128.load(weights + (i << 2)) : loadSome(weights + (i << 2), left);
  return left >= 4 ? f32x4.splat(1) : f32x4(1, left > 1 ? 1 : 0, left > 2 ? 1 : 0, 0);
}
