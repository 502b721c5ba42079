import { csrRow } from '../array/csr.ts';
import type { UserRanker } from './ranker.ts';

/**
 * A ranker from a function that scores all items for one user: one row of scores is held at a time. Equal scores are ordered by item id.
 * @param scoreUser writes the user's score of every item, finite, into its second argument [items].
 */
export function scoreRanker(items: number, scoreUser: (user: number, scores: Float64Array) => void): UserRanker {
  const scores = new Float64Array(items);
  return {
    items,
    rankUsers(users, k, excluded, targets) {
      const top = new Int32Array(users.length * k).fill(-1);
      const topScores = new Float32Array(users.length * k).fill(Number.NEGATIVE_INFINITY);
      const above = targets && new Int32Array(targets.indices.length);
      for (let q = 0; q < users.length; q++) {
        scoreUser(users[q]!, scores);
        const targetScores = targets && Float64Array.from(csrRow(targets, q), (item) => scores[item]!);
        // Scores are finite: −Infinity marks what may not be ranked.
        for (const item of csrRow(excluded, q)) scores[item] = Number.NEGATIVE_INFINITY;
        const best = topItems(scores, k);
        top.set(best, q * k);
        for (let p = 0; p < best.length; p++) topScores[q * k + p] = scores[best[p]!]!;
        if (targetScores) countAbove(scores, csrRow(targets, q), targetScores, above!, targets.offsets[q]!);
      }
      return { items: top, scores: topScores, above };
    },
  };
}

/** The ids of the `k` largest finite scores, best first, ties to the lower id; fewer when fewer are finite. A heap whose root is the worst kept. */
function topItems(scores: Float64Array, k: number): number[] {
  const heap: number[] = [];
  const worse = (a: number, b: number) => scores[a]! < scores[b]! || (scores[a]! === scores[b]! && a > b);
  const siftDown = (from: number, item: number) => {
    let at = from;
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && worse(heap[child + 1]!, heap[child]!)) child++;
      if (!worse(heap[child]!, item)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = item;
  };
  for (let item = 0; item < scores.length; item++) {
    if (scores[item] === Number.NEGATIVE_INFINITY) continue;
    if (heap.length < k) {
      heap.push(item);
      if (heap.length === k) for (let at = (k >> 1) - 1; at >= 0; at--) siftDown(at, heap[at]!);
      // A later item with an equal score never replaces an earlier one: ties stay with the lower id.
    } else if (scores[item]! > scores[heap[0]!]!) siftDown(0, item);
  }
  return heap.sort((a, b) => (worse(a, b) ? 1 : -1));
}

/**
 * above[from + t] = how many items other than target t rank above it. Each item is placed among the sorted targets by binary search, so the cost is
 * items × log(targets). −Infinity scores do not count; a target's own score is given apart, for it may be marked so.
 */
function countAbove(
  scores: Float64Array,
  targets: Int32Array,
  targetScores: Float64Array,
  above: Int32Array,
  from: number,
) {
  const order = Array.from(targets, (_, t) => t).sort(
    (a, b) => targetScores[b]! - targetScores[a]! || targets[a]! - targets[b]!,
  );
  // beats[t]: items that rank above the t-th best target and not above the one before it.
  const beats = new Int32Array(order.length + 1);
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]!;
    if (score === Number.NEGATIVE_INFINITY) continue;
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const t = order[middle]!;
      if (targetScores[t]! < score || (targetScores[t] === score && item < targets[t]!)) high = middle;
      else low = middle + 1;
    }
    beats[low]!++;
  }
  let count = 0;
  for (let position = 0; position < order.length; position++) {
    count += beats[position]!;
    above[from + order[position]!] = count;
  }
}
