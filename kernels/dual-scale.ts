import { exp4, madd, maxLanes, sigmoid4, sumLanes } from './vector';

// The kernels of one row of the dual-scale softmax loss (src/loss/dsl.ts): a user's scores of n negatives. Every array is [n] 32-bit floats, contiguous.
// Loops take four floats at a time up to `whole` = n rounded down to a multiple of 4, then single floats. The log weight of a masked entry is MASKED: far below all
// others, so a masked entry is never the largest and never in the slate; its weight 0 removes it from every sum.

/** Finite, not −Infinity: differences of two masked log weights stay numbers. */
const MASKED: f32 = -1e30;
/** Smallest standard deviation that x is divided by: constant scores would otherwise divide by 0. */
const LEAST_DEVIATION: f32 = 1e-3;

/**
 * out_j = base_j + factor · z(x_j), where z(x_j) = (x_j − mean)/max(deviation, 1e-3) with the weighted mean and deviation; MASKED where the weight is 0.
 * `x`, `weights`, `base` and `out` are [n] floats; `base` may be 0 (adds nothing) and `weights` may be 0 (all 1). factor = 0 skips both passes over the scores.
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
      // a second pass, around the mean: Σ x² − mean² would cancel in 32-bit floats
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
 * Selects the slate: the entries with the largest keys x_j/τ + ω_j (`logs` holds ω) whose weights sum to `size`; the last entry counts with the part that fits.
 * Writes their x to `scores` and their shares, which sum to 1, to `shares`, in heap order, and returns their number. `x`, `logs` and `weights` (0: all 1) are
 * [n] floats; `scores` and `shares` have room for n. The lowest key goes to result[0] as f32.
 * `guess` is an estimate of that lowest key, or −Infinity. Keys above it are offered first: most other keys are then too low for the heap. It does not change the slate.
 */
export function slate(
  x: usize, logs: usize, n: i32, inverseTau: f32, weights: usize, size: f32, scores: usize, shares: usize, guess: f32, result: usize,
): i32 {
  // the outputs serve as the heap's memory until the last loop replaces keys by scores and positions by shares
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
    // the root has the lowest key: it is the entry that fits only in part
    const w = <f64>weightOf(weights, position) - (k == 0 ? max<f64>(heapMass - size, 0) : 0);
    store<f32>(scores + (k << 2), load<f32>(x + (position << 2)));
    store<f32>(shares + (k << 2), <f32>(w / total));
  }
  return heapSize;
}

// The heap of the slate that is being filled: keys [f32] and positions in the row [i32], the lowest key at the root, and the sum of the weights. Globals of an
// instance, and every thread has its own instance. The sum is in double precision because it is compared with `size` after many additions and subtractions.
let heapKeys: usize = 0;
let heapPositions: usize = 0;
let heapSize: i32 = 0;
let heapMass: f64 = 0;

/** Offers the entries with floor < key ≤ ceiling to the heap, which keeps the fewest best entries that weigh `size` together. */
function offerKeys(x: usize, logs: usize, n: i32, inverseTau: f32, weights: usize, size: f32, floor: f32, ceiling: f32): void {
  const inverse = f32x4.splat(inverseTau);
  let lowest = floor;
  for (let from = 0; from < n; from += 4) {
    // most groups of four have no key above the heap's lowest: one comparison skips them
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
      // drops the lowest entries that the rest does not need to reach `size`
      while (heapMass - weightOf(weights, load<i32>(heapPositions)) >= size) {
        heapMass -= weightOf(weights, load<i32>(heapPositions));
        heapSize--;
        lower(heapSize, load<f32>(heapKeys + (heapSize << 2)), load<i32>(heapPositions + (heapSize << 2)));
      }
      if (heapMass >= size) lowest = max(floor, load<f32>(heapKeys));
    }
  }
}

/** Returns Σ_k share_k · sigmoid((scores_k − positive)/τ) over a slate; `scores` and `shares` are [count] floats. */
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
 * gradients_j += scale · w_j e^(a_j) / Σ_k w_k e^(a_k), with a_j = x_j/τ + ω_j. The largest a goes to result[0] and Σ w_j e^(a_j − largest) to result[1], as f32.
 * `x`, `logs` (ω), `weights`, `terms` (scratch) and `gradients` are [n] floats. `weights` may be 0 (all 1), and `gradients` 0 when only the sum is needed.
 * At least one entry must have weight.
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

/** One key x_i/τ + ω_i, by the same multiply-add as four of them: both loops of a row round alike. */
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

/** Adds (key, position) as entry `at` of the heap and moves it up to its place. */
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

/** Puts (key, position) at the root of the first `count` entries and moves it down to its place. */
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
