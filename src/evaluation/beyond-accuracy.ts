import type { Csr } from '../array/csr.ts';
import { type Matrix, row } from '../array/matrix.ts';

/** Training popularity: how many users have each item. [columns] */
export function itemPopularity(train: Csr): Int32Array {
  const popularity = new Int32Array(train.columns);
  for (const item of train.indices) popularity[item]!++;
  return popularity;
}

/** Item coverage@K: the share of all items that stand in at least one list. `exposure[i]` = lists that hold item i. */
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
 * What is surprising about each item: −log2 of its popularity share, the share of the training users who have it. An item that no training user
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
