import { exp4, log4, madd, sumLanes } from './vector';

// The row of the pairwise softmax loss (src/loss/psl.ts).

/** Numbers and lower bound of the activations, equal to those of src/loss/pairwise-activations.ts. */
const TANH = 0;
const RELU = 1;
const ATAN = 2;
const LEAST_ACTIVATION: f32 = 1e-6;

/**
 * One positive of the pairwise softmax loss against the row's n negative scores. With d_j = (x_j − positive)/2, activation σ and e_j = w_j exp((log σ(d_j) − shift)/τ):
 * returns Σ_j e_j and adds share · e_j σ'(d_j)/σ(d_j) / Σ_k e_k to gradients_j; the sum of these additions goes to result[0] as f32, for the positive's gradient.
 * `x`, `weights`, `gradients` and `scratch` are [n] floats. `weights` may be 0 (all 1); weight 0 masks. `shift` is log σ of the largest unmasked x, so no
 * exponential overflows.
 */
export function pairwiseRow(
  x: usize, n: i32, positive: f32, shift: f32, inverseTau: f32, share: f32, activation: i32, weights: usize, gradients: usize, scratch: usize, result: usize,
): f32 {
  // a constant activation in each call: the compiler inlines three loops without a branch inside
  if (activation == TANH) return row(TANH, x, n, positive, shift, inverseTau, share, weights, gradients, scratch, result);
  if (activation == RELU) return row(RELU, x, n, positive, shift, inverseTau, share, weights, gradients, scratch, result);
  return row(ATAN, x, n, positive, shift, inverseTau, share, weights, gradients, scratch, result);
}

// @ts-ignore: decorator
@inline
function row(
  activation: i32, x: usize, n: i32, positive: f32, shift: f32, inverseTau: f32, share: f32, weights: usize, gradients: usize, scratch: usize, result: usize,
): f32 {
  // two vectors an iteration take 5 to 20% less time than one: their chains of dependent operations overlap
  const whole = n & ~7;
  const zero = f32x4.splat(0);
  const inverse = f32x4.splat(inverseTau);
  const offset = f32x4.splat(-shift * inverseTau);
  let sums = zero;
  let slopes = zero;
  let j = 0;
  for (; j < whole; j += 8) {
    const at = j << 2;
    const d0 = halfDifference(x + at, positive);
    const d1 = halfDifference(x + at + 16, positive);
    const sigma0 = activation4(activation, d0);
    const sigma1 = activation4(activation, d1);
    let e0 = exp4(madd(log4(sigma0), inverse, offset));
    let e1 = exp4(madd(log4(sigma1), inverse, offset));
    if (weights) {
      e0 = weighted(e0, weights + at);
      e1 = weighted(e1, weights + at + 16);
    }
    const slope0 = f32x4.mul(e0, slope4(activation, d0, sigma0));
    const slope1 = f32x4.mul(e1, slope4(activation, d1, sigma1));
    sums = f32x4.add(sums, f32x4.add(e0, e1));
    slopes = f32x4.add(slopes, f32x4.add(slope0, slope1));
    v128.store(scratch + at, slope0);
    v128.store(scratch + at + 16, slope1);
  }
  let sum = sumLanes(sums);
  let pull = sumLanes(slopes);
  for (; j < n; j++) {
    const w: f32 = weights ? load<f32>(weights + (j << 2)) : 1;
    let slope: f32 = 0;
    if (w > 0) {
      const d = f32x4.splat((load<f32>(x + (j << 2)) - positive) * 0.5);
      const sigma = activation4(activation, d);
      const e = w * f32x4.extract_lane(exp4(madd(log4(sigma), inverse, offset)), 0);
      slope = e * f32x4.extract_lane(slope4(activation, d, sigma), 0);
      sum += e;
      pull += slope;
    }
    store<f32>(scratch + (j << 2), slope);
  }
  if (sum == 0) {
    store<f32>(result, 0);
    return 0;
  }
  const factor = share / sum;
  const factors = f32x4.splat(factor);
  for (j = 0; j < whole; j += 4) {
    const at = gradients + (j << 2);
    v128.store(at, madd(factors, v128.load(scratch + (j << 2)), v128.load(at)));
  }
  for (; j < n; j++) {
    const at = gradients + (j << 2);
    store<f32>(at, load<f32>(at) + factor * load<f32>(scratch + (j << 2)));
  }
  store<f32>(result, factor * pull);
  return sum;
}

// @ts-ignore: decorator
@inline
function halfDifference(x: usize, positive: f32): v128 {
  return f32x4.mul(f32x4.sub(v128.load(x), f32x4.splat(positive)), f32x4.splat(0.5));
}

/** w · e, and 0 where w is 0: a masked score may lie above the shift, where e is huge or infinite and e · 0 would not be 0. */
// @ts-ignore: decorator
@inline
function weighted(e: v128, weights: usize): v128 {
  const w = v128.load(weights);
  return v128.and(f32x4.mul(e, w), f32x4.gt(w, f32x4.splat(0)));
}

/** σ(d) of four lanes: tanh d + 1 = 2/(1 + e^(−2d)), d + 1 or atan d + 1; the last two bounded below by LEAST_ACTIVATION, as log σ needs. */
// @ts-ignore: decorator
@inline
function activation4(activation: i32, d: v128): v128 {
  const one = f32x4.splat(1);
  if (activation == TANH) return f32x4.div(f32x4.splat(2), f32x4.add(one, exp4(f32x4.mul(d, f32x4.splat(-2)))));
  return f32x4.pmax(f32x4.add(one, activation == RELU ? d : atan4(d)), f32x4.splat(LEAST_ACTIVATION));
}

/** σ'(d)/σ(d): 2 − σ for tanh d + 1, 1/σ for d + 1, 1/(σ (1 + d²)) for atan d + 1; 0 where σ is at its bound. */
// @ts-ignore: decorator
@inline
function slope4(activation: i32, d: v128, sigma: v128): v128 {
  if (activation == TANH) return f32x4.sub(f32x4.splat(2), sigma);
  const one = f32x4.splat(1);
  const divisor = activation == RELU ? sigma : f32x4.mul(sigma, madd(d, d, one));
  return v128.and(f32x4.div(one, divisor), f32x4.gt(sigma, f32x4.splat(LEAST_ACTIVATION)));
}

/**
 * atan of four lanes for |d| ≤ 1: d times a minimax polynomial in d² (error below 2e-7). Larger |d| is clamped to 1: half the difference of two cosines exceeds it only
 * by rounding.
 */
// @ts-ignore: decorator
@inline
function atan4(value: v128): v128 {
  const d = f32x4.pmin(f32x4.pmax(value, f32x4.splat(-1)), f32x4.splat(1));
  const s = f32x4.mul(d, d);
  let p = f32x4.splat(0.00290350957);
  p = madd(p, s, f32x4.splat(-0.0162828298));
  p = madd(p, s, f32x4.splat(0.0430390638));
  p = madd(p, s, f32x4.splat(-0.0753364858));
  p = madd(p, s, f32x4.splat(0.106546633));
  p = madd(p, s, f32x4.splat(-0.142071295));
  p = madd(p, s, f32x4.splat(0.199930535));
  p = madd(p, s, f32x4.splat(-0.333330939));
  p = madd(p, s, f32x4.splat(0.999999986));
  return f32x4.mul(d, p);
}
