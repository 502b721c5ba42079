import { exp4, maxLanes, sumLanes } from './vector';

/**
 * The softmax of a row: out_j = scale · w_j exp((x_j − max)/τ) / Σ_k w_k exp((x_k − max)/τ). `x`, `weights` and `out` are [n] floats, contiguous; `weights` may be 0
 * (all 1; weight 0 masks an entry) and `out` 0 (only the sums are needed). result[0] = max, the largest x of weight > 0; result[1] = Σ w_j exp((x_j − max)/τ);
 * result[2] = Σ w_j (n without weights), as f32. If every entry is masked, the three results and `out` are 0.
 * Three passes: maximum (so that no exponential overflows), exponentials and sums, division by the sum.
 */
export function logExpectationExp(x: usize, n: i32, inverseTau: f32, weights: usize, out: usize, scale: f32, result: usize): void {
  const whole = n & ~3;
  const lowest = f32x4.splat(-Infinity);
  const zero = f32x4.splat(0);
  let top = lowest;
  let i = 0;
  if (weights) {
    for (; i < whole; i += 4) {
      const live = f32x4.gt(v128.load(weights + (i << 2)), zero);
      top = f32x4.pmax(top, v128.bitselect(v128.load(x + (i << 2)), lowest, live));
    }
  } else {
    for (; i < whole; i += 4) top = f32x4.pmax(top, v128.load(x + (i << 2)));
  }
  let shift = maxLanes(top);
  // the last n mod 4 entries, one by one, here and in the passes below
  for (; i < n; i++) {
    if (!weights || load<f32>(weights + (i << 2)) > 0) shift = max(shift, load<f32>(x + (i << 2)));
  }
  if (shift == -Infinity) {
    if (out) memory.fill(out, 0, n << 2);
    store<f32>(result, 0);
    store<f32>(result + 4, 0);
    store<f32>(result + 8, 0);
    return;
  }
  const inverse = f32x4.splat(inverseTau);
  const shifts = f32x4.splat(shift);
  let sums = zero;
  let weightSums = zero;
  i = 0;
  if (weights) {
    for (; i < whole; i += 4) {
      const w = v128.load(weights + (i << 2));
      const e = exp4(f32x4.mul(f32x4.sub(v128.load(x + (i << 2)), shifts), inverse));
      // a masked score may lie above the shift, where e is huge or infinite: select, do not multiply
      const weighted = v128.bitselect(f32x4.mul(e, w), zero, f32x4.gt(w, zero));
      weightSums = f32x4.add(weightSums, w);
      sums = f32x4.add(sums, weighted);
      if (out) v128.store(out + (i << 2), weighted);
    }
  } else {
    for (; i < whole; i += 4) {
      const e = exp4(f32x4.mul(f32x4.sub(v128.load(x + (i << 2)), shifts), inverse));
      sums = f32x4.add(sums, e);
      if (out) v128.store(out + (i << 2), e);
    }
  }
  let sum = sumLanes(sums);
  let weightSum = weights ? sumLanes(weightSums) : <f32>n;
  for (; i < n; i++) {
    const w: f32 = weights ? load<f32>(weights + (i << 2)) : 1;
    let e: f32 = 0;
    if (w > 0) e = w * f32x4.extract_lane(exp4(f32x4.splat((load<f32>(x + (i << 2)) - shift) * inverseTau)), 0);
    sum += e;
    if (weights) weightSum += w;
    if (out) store<f32>(out + (i << 2), e);
  }
  store<f32>(result, shift);
  store<f32>(result + 4, sum);
  store<f32>(result + 8, weightSum);
  if (!out) return;
  const factor = scale / sum;
  const factors = f32x4.splat(factor);
  for (i = 0; i < whole; i += 4) v128.store(out + (i << 2), f32x4.mul(v128.load(out + (i << 2)), factors));
  for (; i < n; i++) store<f32>(out + (i << 2), load<f32>(out + (i << 2)) * factor);
}
