// Rankers for the evaluation: the embeddings of a model, and any scoring function.
import { type Csr, csrRow } from '../array/csr.ts';
import { rowFrom } from '../array/half-matrix.ts';
import { matrix } from '../array/matrix.ts';
import type { RankingEngine, RankResult } from '../engine/engine.ts';
import type { NeighborTerm } from '../neighbors/neighbors.ts';

/**
 * A ranker orders all items for a user: a trained model, a baseline or a custom one. A user's list must not depend on the other users of the call, so that
 * the evaluation is independent of its block size.
 */
export interface UserRanker {
  /** Number of ranked items: ids 0 … items − 1. */
  readonly items: number;
  /**
   * The best `k` items of each listed user.
   * @param users [n] user indices.
   * @param excluded [n × items] row r has the items that user r must not get.
   * @param targets [n × items] entries for which to count the items ranked `above` them, for AUC.
   */
  rankUsers(users: Int32Array, k: number, excluded: Csr, targets?: Csr): RankResult;
}

/**
 * A ranker that scores with an engine's final embeddings: gathers the users' rows and calls `engine.rank`.
 * @param itemBias [items] added to every user's scores: the `itemBias` of a model.
 * @param neighbors the neighbour term of a model, and [users × items] the items that users like: those the model was trained on.
 */
export function embeddingRanker(
  engine: RankingEngine,
  itemBias?: Float32Array,
  neighbors?: { readonly term: NeighborTerm; readonly liked: Csr },
): UserRanker {
  return {
    items: engine.items.rows,
    rankUsers(users, k, excluded, targets) {
      const embeddings = engine.finals.users;
      const queries = matrix(users.length, embeddings.columns);
      for (let q = 0; q < users.length; q++) queries.data.set(rowFrom(embeddings, users[q]!), q * queries.stride);
      const additions = neighbors?.term.rows(Array.from(users, (user) => ({ liked: csrRow(neighbors.liked, user) })));
      return engine.rank({ queries, k, excluded, targets, itemBias, additions });
    },
  };
}

/**
 * A ranker from a function that scores all items for one user. Only one row of scores is in memory. Equal scores are ordered by item id.
 * @param scoreUser Writes the user's finite scores of all items into its second argument [items].
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
        // Scores are finite, so −Infinity can mark excluded items. Targets may be excluded too, so their scores are copied first.
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

/** The ids of the `k` largest finite scores, best first, ties to the lower id; fewer if fewer scores are finite. Uses a binary heap whose root is the worst item kept. */
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
      // The comparison is strict, so a later item never replaces an earlier one with an equal score: ties go to the lower id.
    } else if (scores[item]! > scores[heap[0]!]!) siftDown(0, item);
  }
  return heap.sort((a, b) => (worse(a, b) ? 1 : -1));
}

/**
 * Counts the items ranked above each target: above[from + t] for target t. A binary search places each item among the sorted targets, so the cost is
 * items × log(targets). Items with score −Infinity do not count. Targets' scores are a separate argument, because `scores` may mark them with −Infinity.
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
  // beats[t]: number of items above the t-th best target but not above the one before it. Their prefix sums are the result.
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
