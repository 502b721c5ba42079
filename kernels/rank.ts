// The best k of a stream of scores, in a binary heap whose root is the worst kept entry. A heap is two arrays of k places, `scores` [f32] and `items` [i32].

/** The order of the heap: A is worse than B if its score is lower, or equal with a higher item. */
// @ts-ignore: decorator
@inline
function worse(scoreA: f32, itemA: i32, scoreB: f32, itemB: i32): bool {
  return scoreA < scoreB || (scoreA == scoreB && itemA > itemB);
}

/** Puts (score, item) at the root of the first `size` entries and moves it down to its place. */
function sink(scores: usize, items: usize, size: i32, score: f32, item: i32): void {
  let at = 0;
  while (true) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (
      child + 1 < size &&
      worse(
        load<f32>(scores + (child << 2), 4), load<i32>(items + (child << 2), 4),
        load<f32>(scores + (child << 2)), load<i32>(items + (child << 2)),
      )
    ) child++;
    const childScore = load<f32>(scores + (child << 2));
    const childItem = load<i32>(items + (child << 2));
    if (!worse(childScore, childItem, score, item)) break;
    store<f32>(scores + (at << 2), childScore);
    store<i32>(items + (at << 2), childItem);
    at = child;
  }
  store<f32>(scores + (at << 2), score);
  store<i32>(items + (at << 2), item);
}

/** Empties a heap: k places of score −Infinity and the highest item number, which every real score replaces. */
export function startTop(scores: usize, items: usize, k: i32): void {
  for (let i = 0; i < k; i++) {
    store<f32>(scores + (i << 2), -Infinity);
    store<i32>(items + (i << 2), i32.MAX_VALUE);
  }
}

/**
 * Offers rows of scores, `values` [rows × count] with `stride` bytes from row to row, of the items first, first + 1, … to a heap of k places for each row; the heaps follow one another. Calls must go up in items: an equal
 * score then never replaces a kept one, which has the lower item. Most groups of sixteen lie below the root, and one branch skips them.
 */
export function offerTop(values: usize, stride: i32, rows: i32, count: i32, first: i32, scores: usize, items: usize, k: i32): void {
  for (let r = 0; r < rows; r++) {
    offerRow(values, count, first, scores, items, k);
    values += stride;
    scores += k << 2;
    items += k << 2;
  }
}

/** Offers one row of scores to its heap. */
function offerRow(values: usize, count: i32, first: i32, scores: usize, items: usize, k: i32): void {
  let root = load<f32>(scores);
  let bar = f32x4.splat(root);
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const at = values + (i << 2);
    const low = v128.or(f32x4.gt(v128.load(at), bar), f32x4.gt(v128.load(at, 16), bar));
    const high = v128.or(f32x4.gt(v128.load(at, 32), bar), f32x4.gt(v128.load(at, 48), bar));
    if (!v128.any_true(v128.or(low, high))) continue;
    for (let j = i; j < i + 16; j++) {
      const value = load<f32>(values + (j << 2));
      if (value > root) {
        sink(scores, items, k, value, first + j);
        root = load<f32>(scores);
      }
    }
    bar = f32x4.splat(root);
  }
  for (; i < count; i++) {
    const value = load<f32>(values + (i << 2));
    if (value > root) {
      sink(scores, items, k, value, first + i);
      root = load<f32>(scores);
    }
  }
}

/** Sorts a heap of k places best first, in place (a heap sort: takes the worst to the end, k times). Places that were never filled get item −1. */
export function finishTop(scores: usize, items: usize, k: i32): void {
  for (let size = k - 1; size >= 0; size--) {
    const score = load<f32>(scores);
    const item = load<i32>(items);
    const lastScore = load<f32>(scores + (size << 2));
    const lastItem = load<i32>(items + (size << 2));
    if (size > 0) sink(scores, items, size, lastScore, lastItem);
    store<f32>(scores + (size << 2), score);
    store<i32>(items + (size << 2), item == i32.MAX_VALUE ? -1 : item);
  }
}

/** Counts the scores of `values` [count] that are above `score`, or at least `score` when `orEqual`. Excluded items have score −Infinity and are never counted. */
export function countAbove(values: usize, count: i32, score: f32, orEqual: bool): i32 {
  const bar = f32x4.splat(score);
  const whole = count & ~3;
  // a true lane is −1, so subtracting the comparison counts it
  let counts = i32x4.splat(0);
  let i = 0;
  if (orEqual) for (; i < whole; i += 4) counts = i32x4.sub(counts, f32x4.ge(v128.load(values + (i << 2)), bar));
  else for (; i < whole; i += 4) counts = i32x4.sub(counts, f32x4.gt(v128.load(values + (i << 2)), bar));
  let total = i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1) + i32x4.extract_lane(counts, 2) + i32x4.extract_lane(counts, 3);
  for (; i < count; i++) {
    const value = load<f32>(values + (i << 2));
    if (value > score || (orEqual && value == score)) total++;
  }
  return total;
}
