import { log1p4 } from './softplus';
import { exp4, loadSome, madd, maxLanes, sigmoidFrom, storeSome, sumLanes } from './vector';

/**
 * The negative side of a row of Talos (src/loss/talos.ts). With a_j = log σ(x_j − b) and e_j = w_j exp((a_j − a_top)/τ), a_top the largest a_j of weight > 0:
 * gradients_j = scale · σ(b − x_j) e_j / Σ_k e_k, result[0] = a_top, result[1] = Σ_j e_j and result[2] = Σ w_j over x_j > b, as f32. At least one weight is > 0.
 * `x`, `weights` and `gradients` are [n] floats. `weights` may be 0 (all 1); weight 0 masks. The last 1 to 3 entries are a vector filled up with weights of 0.
 */
export function logSigmoidRow(x: usize, n: i32, b: f32, inverseTau: f32, scale: f32, weights: usize, gradients: usize, result: usize): void {
  const whole = n & ~3;
  const left = n - whole;
  const one = f32x4.splat(1);
  const threshold = f32x4.splat(b);
  // the tail's scores and weights
  const lastX = left > 0 ? loadSome(x + (whole << 2), left) : one;
  let lastW = f32x4(left > 0 ? 1 : 0, left > 1 ? 1 : 0, left > 2 ? 1 : 0, 0);
  if (weights && left > 0) lastW = loadSome(weights + (whole << 2), left);
  let top = live(lastX, lastW);
  if (weights) for (let i = 0; i < whole; i += 4) top = f32x4.pmax(top, live(v128.load(x + (i << 2)), v128.load(weights + (i << 2))));
  else for (let i = 0; i < whole; i += 4) top = f32x4.pmax(top, v128.load(x + (i << 2)));
  // a increases with the score
  const d = f32x4.splat(b - maxLanes(top));
  const shift = f32x4.neg(f32x4.add(f32x4.pmax(f32x4.splat(0), d), log1p4(exp4(f32x4.neg(f32x4.abs(d))))));
  const inverse = f32x4.splat(inverseTau);
  const offset = f32x4.neg(f32x4.mul(shift, inverse));
  let sums = f32x4.splat(0);
  let above = sums;
  let i = 0;
  // two vectors an iteration: their chains of dependent operations overlap
  for (; i + 8 <= whole; i += 8) {
    const at = i << 2;
    const d0 = f32x4.sub(threshold, v128.load(x + at));
    const d1 = f32x4.sub(threshold, v128.load(x + at, 16));
    const e0 = exp4(f32x4.neg(f32x4.abs(d0)));
    const e1 = exp4(f32x4.neg(f32x4.abs(d1)));
    const w0 = weights ? v128.load(weights + at) : one;
    const w1 = weights ? v128.load(weights + at, 16) : one;
    const t0 = term(d0, e0, w0, inverse, offset);
    const t1 = term(d1, e1, w1, inverse, offset);
    sums = f32x4.add(sums, f32x4.add(t0, t1));
    above = f32x4.add(above, f32x4.add(over(d0, w0), over(d1, w1)));
    v128.store(gradients + at, f32x4.mul(t0, sigmoidFrom(d0, e0)));
    v128.store(gradients + at, f32x4.mul(t1, sigmoidFrom(d1, e1)), 16);
  }
  if (i < whole) {
    const at = i << 2;
    const d0 = f32x4.sub(threshold, v128.load(x + at));
    const e0 = exp4(f32x4.neg(f32x4.abs(d0)));
    const w0 = weights ? v128.load(weights + at) : one;
    const t0 = term(d0, e0, w0, inverse, offset);
    sums = f32x4.add(sums, t0);
    above = f32x4.add(above, over(d0, w0));
    v128.store(gradients + at, f32x4.mul(t0, sigmoidFrom(d0, e0)));
  }
  if (left > 0) {
    const d0 = f32x4.sub(threshold, lastX);
    const e0 = exp4(f32x4.neg(f32x4.abs(d0)));
    const t0 = term(d0, e0, lastW, inverse, offset);
    sums = f32x4.add(sums, t0);
    above = f32x4.add(above, over(d0, lastW));
    storeSome(gradients + (whole << 2), f32x4.mul(t0, sigmoidFrom(d0, e0)), left);
  }
  const sum = sumLanes(sums);
  store<f32>(result, f32x4.extract_lane(shift, 0));
  store<f32>(result, sum, 4);
  store<f32>(result, sumLanes(above), 8);
  const factor = scale / sum;
  const factors = f32x4.splat(factor);
  for (i = 0; i < whole; i += 4) v128.store(gradients + (i << 2), f32x4.mul(v128.load(gradients + (i << 2)), factors));
  for (; i < n; i++) store<f32>(gradients + (i << 2), load<f32>(gradients + (i << 2)) * factor);
}

/** The scores of weight > 0, −Infinity for others. */
// @ts-ignore: decorator
@inline
function live(x: v128, w: v128): v128 {
  return v128.bitselect(x, f32x4.splat(-Infinity), f32x4.gt(w, f32x4.splat(0)));
}

/** w exp(−softplus(d)/τ + offset) from e = exp(−|d|); 0 where w is 0: a masked score may lie above the shift, where the exponential is infinite. */
// @ts-ignore: decorator
@inline
function term(d: v128, e: v128, w: v128, inverse: v128, offset: v128): v128 {
  const zero = f32x4.splat(0);
  const a = f32x4.neg(f32x4.add(f32x4.pmax(zero, d), log1p4(e)));
  return v128.and(f32x4.mul(w, exp4(madd(a, inverse, offset))), f32x4.gt(w, zero));
}

/** The weights where b − x < 0. */
// @ts-ignore: decorator
@inline
function over(d: v128, w: v128): v128 {
  return v128.and(w, f32x4.lt(d, f32x4.splat(0)));
}
