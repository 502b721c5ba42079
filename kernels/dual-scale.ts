import { exp4, madd, maxLanes, sumLanes } from './vector';

// The rows of the dual-scale softmax loss (src/loss/dsl.ts). Log weights of masked entries are MASKED: far below all others, so that masked entries are never the
// largest and never in the slate; their weight 0 takes them out of every sum.

const MASKED: f32 = -1e30;
const LEAST_DEVIATION: f32 = 1e-3;

/**
 * out_j = base_j + factor · z(x_j), z(x_j) = (x_j − mean)/max(deviation, 1e-3) under the weights; MASKED where the weight is 0. `base` and `weights` may be 0 (absent).
 */
export function addStandardized(x: usize, n: i32, factor: f32, weights: usize, base: usize, out: usize): void {
  const whole = n & ~3;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  let scale: f32 = 0;
  let mean: f32 = 0;
  if (factor != 0) {
    let sums = zero;
    let totals = zero;
    let i = 0;
    for (; i < whole; i += 4) {
      const w = weights ? v128.load(weights + (i << 2)) : one;
      sums = madd(w, v128.load(x + (i << 2)), sums);
      totals = f32x4.add(totals, w);
    }
    let sum = sumLanes(sums);
    let total = sumLanes(totals);
    for (; i < n; i++) {
      const w: f32 = weights ? load<f32>(weights + (i << 2)) : 1;
      sum += w * load<f32>(x + (i << 2));
      total += w;
    }
    if (total > 0) {
      mean = sum / total;
      const means = f32x4.splat(mean);
      let squares = zero;
      for (i = 0; i < whole; i += 4) {
        const w = weights ? v128.load(weights + (i << 2)) : one;
        const d = f32x4.sub(v128.load(x + (i << 2)), means);
        squares = madd(f32x4.mul(w, d), d, squares);
      }
      let square = sumLanes(squares);
      for (; i < n; i++) {
        const w: f32 = weights ? load<f32>(weights + (i << 2)) : 1;
        const d = load<f32>(x + (i << 2)) - mean;
        square += w * d * d;
      }
      scale = factor / max(sqrt<f32>(square / total), LEAST_DEVIATION);
    }
  }
  const scales = f32x4.splat(scale);
  const means = f32x4.splat(mean);
  const masked = f32x4.splat(MASKED);
  let i = 0;
  for (; i < whole; i += 4) {
    let y = f32x4.mul(scales, f32x4.sub(v128.load(x + (i << 2)), means));
    if (base) y = f32x4.add(v128.load(base + (i << 2)), y);
    if (weights) y = v128.bitselect(y, masked, f32x4.gt(v128.load(weights + (i << 2)), zero));
    v128.store(out + (i << 2), y);
  }
  for (; i < n; i++) {
    let y = scale * (load<f32>(x + (i << 2)) - mean);
    if (base) y = load<f32>(base + (i << 2)) + y;
    if (weights && load<f32>(weights + (i << 2)) == 0) y = MASKED;
    store<f32>(out + (i << 2), y);
  }
}

/**
 * The slate: the entries with the largest keys x_j/τ + ω_j (`logs`) that together weigh `size`, the last with the part that fits. Their x go to `scores` and
 * their shares, which sum to 1, to `shares`, in no particular order; both have room for n. Returns how many they are. The lowest key goes to result[0].
 * `guess`: about what that will be, or −Infinity. Keys above it are taken first, which saves work when most others are then too low; it does not change the slate.
 */
export function slate(
  x: usize, logs: usize, n: i32, inverseTau: f32, weights: usize, size: f32, scores: usize, shares: usize, guess: f32, result: usize,
): i32 {
  heapKeys = scores;
  heapPositions = shares;
  heapSize = 0;
  heapMass = 0;
  offerKeys(x, logs, n, inverseTau, weights, size, guess, Infinity);
  if (heapMass < size && guess > -Infinity) offerKeys(x, logs, n, inverseTau, weights, size, -Infinity, guess);
  store<f32>(result, heapSize > 0 ? load<f32>(scores) : -Infinity);
  const total = min<f64>(heapMass, size);
  for (let k = 0; k < heapSize; k++) {
    const position = load<i32>(shares + (k << 2));
    // the root is the last to come in
    const w = <f64>weightOf(weights, position) - (k == 0 ? max<f64>(heapMass - size, 0) : 0);
    store<f32>(scores + (k << 2), load<f32>(x + (position << 2)));
    store<f32>(shares + (k << 2), <f32>(w / total));
  }
  return heapSize;
}

// The heap of a slate being filled: keys and positions, the lowest key at the root, and the sum of the weights.
let heapKeys: usize = 0;
let heapPositions: usize = 0;
let heapSize: i32 = 0;
let heapMass: f64 = 0;

/** Offers the entries with keys above `floor` and not above `ceiling` to the heap, which keeps the best that it needs to weigh `size`. */
function offerKeys(x: usize, logs: usize, n: i32, inverseTau: f32, weights: usize, size: f32, floor: f32, ceiling: f32): void {
  const inverse = f32x4.splat(inverseTau);
  let lowest = floor;
  for (let from = 0; from < n; from += 4) {
    if (from + 4 <= n) {
      const keys = madd(v128.load(x + (from << 2)), inverse, v128.load(logs + (from << 2)));
      if (!v128.any_true(f32x4.gt(keys, f32x4.splat(lowest)))) continue;
    }
    for (let i = from; i < min(from + 4, n); i++) {
      const w = weightOf(weights, i);
      const key = key1(x, logs, i, inverseTau);
      if (w == 0 || key <= lowest || key > ceiling) continue;
      raise(heapSize++, key, i);
      heapMass += w;
      while (heapMass - weightOf(weights, load<i32>(heapPositions)) >= size) {
        heapMass -= weightOf(weights, load<i32>(heapPositions));
        heapSize--;
        lower(heapSize, load<f32>(heapKeys + (heapSize << 2)), load<i32>(heapPositions + (heapSize << 2)));
      }
      if (heapMass >= size) lowest = max(floor, load<f32>(heapKeys));
    }
  }
}

/** Σ share_k · sigmoid((scores_k − positive)/τ). */
export function competition(scores: usize, shares: usize, count: i32, positive: f32, inverseTau: f32): f32 {
  const positives = f32x4.splat(positive);
  const inverse = f32x4.splat(inverseTau);
  let sums = f32x4.splat(0);
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const d = f32x4.mul(f32x4.sub(v128.load(scores + (k << 2)), positives), inverse);
    sums = madd(v128.load(shares + (k << 2)), sigmoid4(d), sums);
  }
  let sum = sumLanes(sums);
  for (; k < count; k++) {
    const d = (load<f32>(scores + (k << 2)) - positive) * inverseTau;
    sum += load<f32>(shares + (k << 2)) * f32x4.extract_lane(sigmoid4(f32x4.splat(d)), 0);
  }
  return sum;
}

/**
 * gradients_j += scale · w_j e^(a_j) / Σ, a_j = x_j/τ + ω_j. The largest a goes to result[0] and Σ w_j e^(a_j − largest) to result[1], as f32. `terms` has room for n.
 * `weights` may be 0 (absent), and `gradients` when only the sum is wanted. Something must have weight.
 */
export function addExpectation(
  x: usize, logs: usize, n: i32, inverseTau: f32, weights: usize, terms: usize, gradients: usize, scale: f32, result: usize,
): void {
  const whole = n & ~3;
  const inverse = f32x4.splat(inverseTau);
  let top = f32x4.splat(-Infinity);
  let i = 0;
  for (; i < whole; i += 4) top = f32x4.pmax(top, madd(v128.load(x + (i << 2)), inverse, v128.load(logs + (i << 2))));
  let shift = maxLanes(top);
  for (; i < n; i++) shift = max(shift, key1(x, logs, i, inverseTau));
  const shifts = f32x4.splat(shift);
  let sums = f32x4.splat(0);
  for (i = 0; i < whole; i += 4) {
    let e = exp4(f32x4.sub(madd(v128.load(x + (i << 2)), inverse, v128.load(logs + (i << 2))), shifts));
    if (weights) e = f32x4.mul(e, v128.load(weights + (i << 2)));
    sums = f32x4.add(sums, e);
    v128.store(terms + (i << 2), e);
  }
  let sum = sumLanes(sums);
  for (; i < n; i++) {
    let e = f32x4.extract_lane(exp4(f32x4.splat(key1(x, logs, i, inverseTau) - shift)), 0);
    if (weights) e *= load<f32>(weights + (i << 2));
    sum += e;
    store<f32>(terms + (i << 2), e);
  }
  store<f32>(result, shift);
  store<f32>(result + 4, sum);
  if (!gradients) return;
  const factor = scale / sum;
  const factors = f32x4.splat(factor);
  for (i = 0; i < whole; i += 4) {
    v128.store(gradients + (i << 2), madd(factors, v128.load(terms + (i << 2)), v128.load(gradients + (i << 2))));
  }
  for (; i < n; i++) {
    store<f32>(gradients + (i << 2), load<f32>(gradients + (i << 2)) + factor * load<f32>(terms + (i << 2)));
  }
}

/** One key, by the same multiply-add as four of them. */
// @ts-ignore: decorator
@inline
function key1(x: usize, logs: usize, i: i32, inverseTau: f32): f32 {
  return f32x4.extract_lane(madd(v128.load32_splat(x + (i << 2)), f32x4.splat(inverseTau), v128.load32_splat(logs + (i << 2))), 0);
}

// @ts-ignore: decorator
@inline
function weightOf(weights: usize, position: i32): f32 {
  return weights ? load<f32>(weights + (position << 2)) : 1;
}

// @ts-ignore: decorator
@inline
function sigmoid4(d: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp4(f32x4.neg(f32x4.abs(d)));
  return f32x4.div(v128.bitselect(one, e, f32x4.ge(d, f32x4.splat(0))), f32x4.add(one, e));
}

/** Adds (key, position) as entry `at` of the heap, which rises to its place. */
function raise(at: i32, key: f32, position: i32): void {
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (load<f32>(heapKeys + (parent << 2)) <= key) break;
    store<f32>(heapKeys + (at << 2), load<f32>(heapKeys + (parent << 2)));
    store<i32>(heapPositions + (at << 2), load<i32>(heapPositions + (parent << 2)));
    at = parent;
  }
  store<f32>(heapKeys + (at << 2), key);
  store<i32>(heapPositions + (at << 2), position);
}

/** Puts (key, position) at the root of the first `count` entries, from where it sinks to its place. */
function lower(count: i32, key: f32, position: i32): void {
  let at = 0;
  while (true) {
    let child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && load<f32>(heapKeys + ((child + 1) << 2)) < load<f32>(heapKeys + (child << 2))) child++;
    if (load<f32>(heapKeys + (child << 2)) >= key) break;
    store<f32>(heapKeys + (at << 2), load<f32>(heapKeys + (child << 2)));
    store<i32>(heapPositions + (at << 2), load<i32>(heapPositions + (child << 2)));
    at = child;
  }
  store<f32>(heapKeys + (at << 2), key);
  store<i32>(heapPositions + (at << 2), position);
}
