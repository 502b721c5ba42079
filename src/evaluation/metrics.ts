// The metrics: accuracy of one ranked list (recall, NDCG …), AUC, and exposure of all lists together (coverage, Gini …).
import type { Csr } from '../array/csr.ts';
import { type Matrix, row } from '../array/matrix.ts';

/** Names of exposure metrics, which describe all lists together, in report order. */
export const exposureMetricNames = ['coverage', 'gini', 'popularity', 'novelty', 'diversity'] as const;

/** Names of accuracy metrics, which describe one ranked list, in report order. */
export const rankMetricNames = ['recall', 'precision', 'hitrate', 'ndcg', 'mrr', 'map'] as const;
type RankMetricName = (typeof rankMetricNames)[number];

/** The cutoff K of a metric name such as 'ndcg@20'. */
export function cutOff(metric: string): number {
  return Number(metric.slice(metric.indexOf('@') + 1));
}

/**
 * An accuracy metric of one user's list at cutoff `k`.
 * @param hits 0-based positions of relevant items in the list, ascending; positions ≥ k are ignored.
 * @param relevant |T_u| ≥ 1, the number of the user's test items, including those that no list can contain.
 */
export type RankMetric = (hits: readonly number[], relevant: number, k: number) => number;

/** The 0-based positions of relevant items in a list, ascending. @param list Items, best first; −1 is an empty place. */
export function hitPositions(list: ArrayLike<number>, isRelevant: (item: number) => boolean): number[] {
  const hits: number[] = [];
  for (let p = 0; p < list.length; p++) if (list[p]! >= 0 && isRelevant(list[p]!)) hits.push(p);
  return hits;
}

/** DCG weight of the 0-based position `p`: 1 / log2(p + 2). Source: Järvelin & Kekäläinen, TOIS 2002. */
export function discount(p: number): number {
  return 1 / Math.log2(p + 2);
}

/** The largest possible DCG: Σ_{p < min(k, relevant)} 1 / log2(p + 2). */
export function idealDcg(relevant: number, k: number): number {
  const n = Math.min(k, relevant);
  for (let p = idealDcgs.length; p <= n; p++) idealDcgs.push(idealDcgs[p - 1]! + discount(p - 1));
  return idealDcgs[n]!;
}
/** idealDcgs[n]: the ideal DCG of n hits; grows on demand. */
const idealDcgs = [0];

/** Recall@K = hits / |T_u|. */
export const recall: RankMetric = (hits, relevant, k) => countWithin(hits, k) / relevant;

/** Precision@K = hits / K, also for lists shorter than K. */
export const precision: RankMetric = (hits, _relevant, k) => countWithin(hits, k) / k;

/** HitRate@K = 1 if the first K items contain a hit, else 0. */
export const hitRate: RankMetric = (hits, _relevant, k) => (countWithin(hits, k) > 0 ? 1 : 0);

/** NDCG@K = DCG@K / ideal DCG over min(K, |T_u|) positions, with binary gains. */
export const ndcg: RankMetric = (hits, relevant, k) => {
  let dcg = 0;
  for (let h = 0; h < hits.length && hits[h]! < k; h++) dcg += discount(hits[h]!);
  return dcg / idealDcg(relevant, k);
};

/** MRR@K = 1 / (1-based position of the first hit); 0 if the first K items contain none. */
export const mrr: RankMetric = (hits, _relevant, k) => (countWithin(hits, k) > 0 ? 1 / (hits[0]! + 1) : 0);

/** MAP@K = (Σ over hits of the precision at the hit's position) / min(K, |T_u|). */
export const map: RankMetric = (hits, relevant, k) => {
  let sum = 0;
  for (let h = 0; h < hits.length && hits[h]! < k; h++) sum += (h + 1) / (hits[h]! + 1);
  return sum / Math.min(k, relevant);
};

/** The accuracy metrics by name. */
export const rankMetrics: Readonly<Record<RankMetricName, RankMetric>> = {
  recall,
  precision,
  hitrate: hitRate,
  ndcg,
  mrr,
  map,
};

/**
 * AUC_u: the fraction of (relevant item, irrelevant candidate) pairs in the right order. Equal scores are ordered by item id, as in the list. Relevant items
 * that are no candidates (unknown to the ranker, or masked) count as ranked below every candidate. Without irrelevant candidates the result is 1/2.
 * @param above For each relevant candidate, the number of other candidates ranked above it; in any order.
 * @param candidates Number of items that may be ranked: all except the masked ones.
 * @param relevant |T_u|, including items that are no candidates.
 */
export function auc(above: ArrayLike<number>, candidates: number, relevant: number): number {
  const irrelevant = candidates - above.length;
  if (irrelevant <= 0) return 0.5;
  // `above` counts relevant candidates too: the m-th best (m from 0) has m of them above it, in total n(n − 1)/2. Subtracting them leaves the irrelevant ones.
  let irrelevantAbove = (-above.length * (above.length - 1)) / 2;
  for (let t = 0; t < above.length; t++) irrelevantAbove += above[t]!;
  return (above.length * irrelevant - irrelevantAbove) / (relevant * irrelevant);
}

/** Number of hits at positions below k. */
function countWithin(hits: readonly number[], k: number): number {
  let count = 0;
  while (count < hits.length && hits[count]! < k) count++;
  return count;
}

/** [items] training popularity: the number of users with each item. */
export function itemPopularity(train: Csr): Int32Array {
  const popularity = new Int32Array(train.columns);
  for (const item of train.indices) popularity[item]!++;
  return popularity;
}

/** Item coverage@K: the fraction of all items that are in at least one list. @param exposure [items] number of lists with each item. */
export function coverage(exposure: ArrayLike<number>): number {
  let shown = 0;
  for (let i = 0; i < exposure.length; i++) if (exposure[i]! > 0) shown++;
  return shown / exposure.length;
}

/**
 * Gini coefficient of the exposure over all n items: Σ_i (2i − n − 1)·x_(i) / (n·Σx), with x ascending and i from 1. 0: all items are in equally many
 * lists; 1 − 1/n: one item fills every place. 0 if no list has an item.
 * @param exposure [items] number of lists with each item.
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
 * [items] self-information of each item in bits: −log2 of the fraction of training users with the item. An item without training users counts as having
 * one. Source: Zhou et al., PNAS 2010 (self-information).
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

/** [items × dimension] item embeddings scaled to length 1, for `intraListDiversity`; zero rows stay 0. */
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
 * Intra-list diversity: 1 − the mean cosine over all pairs of the first `length` ≥ 2 items of a list. The sum of the pairs' cosines equals
 * (‖Σ e_i‖² − Σ ‖e_i‖²) / 2, so the cost is linear in the length. Source: Ziegler et al., WWW 2005.
 * @param unit [items × dimension] from `unitRows`.
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
