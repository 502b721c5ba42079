import { csrRow } from '../../array/csr.ts';
import { type Matrix, row } from '../../array/matrix.ts';
import { sharedInt32 } from '../../array/shared.ts';
import { checkRankRequest } from '../check-plan.ts';
import type { RankRequest, RankResult, ScoreKind } from '../engine.ts';
import { inverseNorm } from './embedding-table.ts';

/** [items] the scores of one query with every item, the item's bias included. They are rounded to 32-bit floats: two items tie if these are equal. */
export function scoreItems(
  query: Float32Array,
  items: Matrix,
  score: ScoreKind,
  itemBias?: Float32Array,
): Float32Array {
  const cosine = score === 'cosine';
  const queryScale = cosine ? inverseNorm(query) : 1;
  return Float32Array.from({ length: items.rows }, (_, i) => {
    const item = row(items, i);
    let sum = 0;
    for (let c = 0; c < item.length; c++) sum += query[c]! * item[c]!;
    return sum * queryScale * (cosine ? inverseNorm(item) : 1) + (itemBias?.[i] ?? 0);
  });
}

/** The items that score higher than the one in place `most`, from 0 (`Engine.front`). */
export function front(items: Matrix, score: ScoreKind, query: Float64Array, most: number): Int32Array {
  const scores = scoreItems(Float32Array.from(query), items, score);
  const bar =
    scores
      .slice()
      .sort()
      .at(-most - 1) ?? -Infinity;
  return Int32Array.from(scores.keys()).filter((item) => scores[item]! > bar);
}

/**
 * Full ranking: sorts all items that are not excluded, score descending, then item ascending.
 *
 * @throws TaurecError `bad-option` if the request does not fit the items
 */
export function rank(items: Matrix, score: ScoreKind, request: RankRequest): RankResult {
  const { queries, k, excluded, targets, itemBias, additions } = request;
  checkRankRequest(request, items);
  const top = new Int32Array(queries.rows * k).fill(-1);
  const topScores = new Float32Array(queries.rows * k).fill(-Infinity);
  const above = targets && sharedInt32(targets.indices.length);
  for (let q = 0; q < queries.rows; q++) {
    const scores = scoreItems(row(queries, q), items, score, itemBias);
    for (let e = additions?.offsets[q] ?? 0; e < (additions?.offsets[q + 1] ?? 0); e++)
      scores[additions!.indices[e]!]! += additions!.values![e]!;
    const isAbove = (a: number, b: number) => scores[a]! > scores[b]! || (scores[a]! === scores[b]! && a < b);
    const out = new Set(excluded && csrRow(excluded, q));
    const candidates = Int32Array.from(scores.keys()).filter((i) => !out.has(i));
    const sorted = candidates.toSorted((a, b) => scores[b]! - scores[a]! || a - b);
    for (let rank = 0; rank < Math.min(k, sorted.length); rank++) {
      top[q * k + rank] = sorted[rank]!;
      topScores[q * k + rank] = scores[sorted[rank]!]!;
    }
    if (!targets || !above) continue;
    for (let e = targets.offsets[q]!; e < targets.offsets[q + 1]!; e++) {
      const target = targets.indices[e]!;
      above[e] = candidates.reduce((count, i) => count + (isAbove(i, target) ? 1 : 0), 0);
    }
  }
  return { items: top, scores: topScores, above };
}
