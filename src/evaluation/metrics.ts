import type { Csr } from '../array/csr.ts';
import { type Matrix, row } from '../array/matrix.ts';

/** Names of the metrics of all lists together, in the order of every report. */
export const exposureMetricNames = ['coverage', 'gini', 'popularity', 'novelty', 'diversity'] as const;

/** Names of the metrics of one ranked list, in the order of every report. */
export const rankMetricNames = ['recall', 'precision', 'hitrate', 'ndcg', 'mrr', 'map'] as const;
type RankMetricName = (typeof rankMetricNames)[number];

/** The K of 'ndcg@K'. */
export function cutOff(metric: string): number {
  return Number(metric.slice(metric.indexOf('@') + 1));
}

/**
 * A metric of one user's list at cutoff `k`.
 * @param hits 0-based positions of the relevant items in the list, ascending; positions ≥ k are ignored.
 * @param relevant |T_u| ≥ 1, the number of the user's test items, also those that no list can hold.
 */
export type RankMetric = (hits: readonly number[], relevant: number, k: number) => number;

/** The 0-based positions in `list` (best first; −1 = nothing) of the items that `isRelevant`. */
export function hitPositions(list: ArrayLike<number>, isRelevant: (item: number) => boolean): number[] {
  const hits: number[] = [];
  for (let p = 0; p < list.length; p++) if (list[p]! >= 0 && isRelevant(list[p]!)) hits.push(p);
  return hits;
}

/** Weight of the 0-based position `p` in DCG: 1 / log2(p + 2). Järvelin & Kekäläinen, TOIS 2002. */
export function discount(p: number): number {
  return 1 / Math.log2(p + 2);
}

/** The largest DCG a user can reach: Σ_{p < min(k, relevant)} 1 / log2(p + 2). */
export function idealDcg(relevant: number, k: number): number {
  const n = Math.min(k, relevant);
  for (let p = idealDcgs.length; p <= n; p++) idealDcgs.push(idealDcgs[p - 1]! + discount(p - 1));
  return idealDcgs[n]!;
}
const idealDcgs = [0];

/** Recall@K = hits / |T_u|. */
export const recall: RankMetric = (hits, relevant, k) => countWithin(hits, k) / relevant;

/** Precision@K = hits / K, also where the list is shorter than K. */
export const precision: RankMetric = (hits, _relevant, k) => countWithin(hits, k) / k;

/** HitRate@K = 1 when the first K hold a hit, else 0. */
export const hitRate: RankMetric = (hits, _relevant, k) => (countWithin(hits, k) > 0 ? 1 : 0);

/** NDCG@K = DCG@K / ideal DCG over min(K, |T_u|), binary gains. */
export const ndcg: RankMetric = (hits, relevant, k) => {
  let dcg = 0;
  for (let h = 0; h < hits.length && hits[h]! < k; h++) dcg += discount(hits[h]!);
  return dcg / idealDcg(relevant, k);
};

/** MRR@K = 1 / (1-based position of the first hit), 0 when the first K hold none. */
export const mrr: RankMetric = (hits, _relevant, k) => (countWithin(hits, k) > 0 ? 1 / (hits[0]! + 1) : 0);

/** MAP@K = Σ over hits of the precision at the hit, divided by min(K, |T_u|). */
export const map: RankMetric = (hits, relevant, k) => {
  let sum = 0;
  for (let h = 0; h < hits.length && hits[h]! < k; h++) sum += (h + 1) / (hits[h]! + 1);
  return sum / Math.min(k, relevant);
};

/** The metrics by name. */
export const rankMetrics: Readonly<Record<RankMetricName, RankMetric>> = {
  recall,
  precision,
  hitrate: hitRate,
  ndcg,
  mrr,
  map,
};

/**
 * AUC_u: the share of (relevant item, irrelevant candidate) pairs that the ranking orders right; equal scores are ordered by item id, as in the
 * list. Relevant items that are no candidates (unknown to the ranker, or masked) count as ranked below every candidate.
 * Without an irrelevant candidate there is nothing to order: 1/2.
 * @param above for each relevant candidate, how many other candidates rank above it; any order.
 * @param candidates number of items that may be ranked: all less the masked.
 * @param relevant |T_u|, candidates or not.
 */
export function auc(above: ArrayLike<number>, candidates: number, relevant: number): number {
  const irrelevant = candidates - above.length;
  if (irrelevant <= 0) return 0.5;
  // The relevant candidates rank above the m-th of them m times in all: the rest above them are irrelevant.
  let irrelevantAbove = (-above.length * (above.length - 1)) / 2;
  for (let t = 0; t < above.length; t++) irrelevantAbove += above[t]!;
  return (above.length * irrelevant - irrelevantAbove) / (relevant * irrelevant);
}

function countWithin(hits: readonly number[], k: number): number {
  let count = 0;
  while (count < hits.length && hits[count]! < k) count++;
  return count;
}

/** Training popularity: how many users have each item. [columns] */
export function itemPopularity(train: Csr): Int32Array {
  const popularity = new Int32Array(train.columns);
  for (const item of train.indices) popularity[item]!++;
  return popularity;
}

/** Item coverage@K: the share of all items in at least one list. `exposure[i]` = lists that hold item i. */
export function coverage(exposure: ArrayLike<number>): number {
  let shown = 0;
  for (let i = 0; i < exposure.length; i++) if (exposure[i]! > 0) shown++;
  return shown / exposure.length;
}

/**
 * Gini coefficient over all items: Σ_i (2i − n − 1)·x_(i) / (n·Σx), x ascending, i from 1. 0 = all items are shown equally often,
 * 1 − 1/n = one item takes every place. 0 where nothing is shown.
 */
export function gini(exposure: ArrayLike<number>): number {
  const sorted = Float64Array.from(exposure).sort();
  const n = sorted.length;
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < n; i++) {
    total += sorted[i]!;
    weighted += (2 * i + 1 - n) * sorted[i]!;
  }
  return total > 0 ? weighted / (n * total) : 0;
}

/**
 * Self-information of each item: −log2 of its popularity share, the fraction of training users with it. An item that no training user
 * has counts as one that one user has. Source: Zhou et al., PNAS 2010 (self-information).
 */
export function selfInformation(popularity: ArrayLike<number>, users: number): Float64Array {
  return Float64Array.from(popularity, (count) => Math.log2(users / Math.max(1, count)));
}

/** The mean of `values` over the first `length` items of a list. */
export function listMean(list: ArrayLike<number>, length: number, values: ArrayLike<number>): number {
  let sum = 0;
  for (let p = 0; p < length; p++) sum += values[list[p]!]!;
  return sum / length;
}

/** Item embeddings scaled to length 1 (zero rows stay 0), for `intraListDiversity`. [items × dimension] */
export function unitRows(embeddings: Matrix): Float32Array {
  const unit = new Float32Array(embeddings.rows * embeddings.columns);
  for (let i = 0; i < embeddings.rows; i++) {
    const values = row(embeddings, i);
    let squares = 0;
    for (let d = 0; d < values.length; d++) squares += values[d]! * values[d]!;
    const norm = Math.sqrt(squares);
    if (norm > 0) for (let d = 0; d < values.length; d++) unit[i * embeddings.columns + d] = values[d]! / norm;
  }
  return unit;
}

/**
 * Intra-list diversity: 1 − the mean cosine over the pairs of the first `length` ≥ 2 items of a list. Σ of all pairs' cosines is
 * (‖Σ e_i‖² − Σ ‖e_i‖²) / 2, so the cost is linear in the list. Source: Ziegler et al., WWW 2005.
 * @param unit [items × dimension], from `unitRows`.
 */
export function intraListDiversity(
  list: ArrayLike<number>,
  length: number,
  unit: Float32Array,
  dimension: number,
): number {
  let ofSum = 0;
  let ofEach = 0;
  for (let d = 0; d < dimension; d++) {
    let sum = 0;
    for (let p = 0; p < length; p++) {
      const value = unit[list[p]! * dimension + d]!;
      sum += value;
      ofEach += value * value;
    }
    ofSum += sum * sum;
  }
  return 1 - (ofSum - ofEach) / (length * (length - 1));
}
