import { exp4, madd, sigmoidFrom, sumLanes } from './vector';

/**
 * Returns Σ_j w_j softplus(x_j − shift); gradients_j = share · w_j σ(x_j − shift), added to gradients_j when `accumulate`; Σ_j w_j σ(x_j − shift) goes to result[0] as f32.
 * `x`, `weights` and `gradients` are [n] floats. `weights` may be 0 (all 1); weight 0 masks. softplus(d) = max(d, 0) + log(1 + e^−|d|), which never overflows, and σ
 * comes from the same exponential.
 */
export function softplusRow(x: usize, n: i32, shift: f32, share: f32, weights: usize, gradients: usize, accumulate: bool, result: usize): f32 {
  const whole = n & ~3;
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const shifts = f32x4.splat(shift);
  const shares = f32x4.splat(share);
  let values = zero;
  let slopes = zero;
  let i = 0;
  for (; i < whole; i += 4) {
    const d = f32x4.sub(v128.load(x + (i << 2)), shifts);
    const e = exp4(f32x4.neg(f32x4.abs(d)));
    let slope = sigmoidFrom(d, e);
    let value = f32x4.add(f32x4.pmax(zero, d), log1p4(e));
    if (weights) {
      const w = v128.load(weights + (i << 2));
      // a masked score may be infinite, where a product with 0 is not a number: select instead
      const live = f32x4.gt(w, zero);
      slope = v128.bitselect(f32x4.mul(slope, w), zero, live);
      value = v128.bitselect(f32x4.mul(value, w), zero, live);
    }
    values = f32x4.add(values, value);
    slopes = f32x4.add(slopes, slope);
    v128.store(gradients + (i << 2), accumulate ? madd(shares, slope, v128.load(gradients + (i << 2))) : f32x4.mul(shares, slope));
  }
  let total = sumLanes(values);
  let pull = sumLanes(slopes);
  for (; i < n; i++) {
    const w: f32 = weights ? load<f32>(weights + (i << 2)) : 1;
    let slope: f32 = 0;
    if (w > 0) {
      const d = f32x4.splat(load<f32>(x + (i << 2)) - shift);
      const e = exp4(f32x4.neg(f32x4.abs(d)));
      slope = w * f32x4.extract_lane(sigmoidFrom(d, e), 0);
      total += w * f32x4.extract_lane(f32x4.add(f32x4.pmax(zero, d), log1p4(e)), 0);
    }
    pull += slope;
    store<f32>(gradients + (i << 2), accumulate ? load<f32>(gradients + (i << 2)) + share * slope : share * slope);
  }
  store<f32>(result, pull);
  return total;
}

/** log(1 + e) of four lanes for 0 ≤ e ≤ 1, as 2·artanh(t), t = e / (2 + e) ≤ 1/3, by the series' odd powers up to 11 (relative error below 1e-6). */
// @ts-ignore: decorator
@inline
export function log1p4(e: v128): v128 {
  const t = f32x4.div(e, f32x4.add(e, f32x4.splat(2)));
  const s = f32x4.mul(t, t);
  let p = f32x4.splat(0.0909090909);
  p = madd(p, s, f32x4.splat(0.111111111));
  p = madd(p, s, f32x4.splat(0.142857143));
  p = madd(p, s, f32x4.splat(0.2));
  p = madd(p, s, f32x4.splat(0.333333333));
  p = madd(p, s, f32x4.splat(1));
  return f32x4.mul(f32x4.mul(f32x4.splat(2), t), p);
}
