/** Names of the metrics of one ranked list, in the order of every report. */
export const rankMetricNames = ['recall', 'precision', 'hitrate', 'ndcg', 'mrr', 'map'] as const;
export type RankMetricName = (typeof rankMetricNames)[number];

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
