import { type Csr, csrDegree } from '../array/csr.ts';

/** ρ_u, the weight of a user's row: the sum of the interaction weights (`count`; the number of positives |P_u| without weights), its square root (`sqrt`), or 1 (`one`). */
export type RowWeight = (typeof rowWeights)[number];
/** The names of the row weights. */
export const rowWeights = ['count', 'sqrt', 'one'] as const;

/** [users] sum of each user's interaction weights; |P_u| where the matrix has no values. */
export function interactionWeights(train: Csr): Float64Array {
  const counts = new Float64Array(train.rows);
  for (let u = 0; u < train.rows; u++) {
    if (!train.values) counts[u] = csrDegree(train, u);
    else for (let e = train.offsets[u]!; e < train.offsets[u + 1]!; e++) counts[u]! += train.values[e]!;
  }
  return counts;
}

/** [users] ρ_u / mean ρ, with the mean over the users that have training items; 0 for all others. */
export function relativeRowWeights(train: Csr, kind: RowWeight): Float64Array {
  const counts = interactionWeights(train);
  const weights = counts.map((count, u) => {
    if (csrDegree(train, u) === 0) return 0;
    return kind === 'count' ? count : kind === 'sqrt' ? Math.sqrt(count) : 1;
  });
  // The mean leaves out users without training items: they have no row.
  let sum = 0;
  let users = 0;
  for (let u = 0; u < train.rows; u++) {
    if (csrDegree(train, u) === 0) continue;
    sum += weights[u]!;
    users++;
  }
  return weights.map((w) => (w * users) / sum);
}

/** [interactions] the row weights of pair batches, with mean 1: the interaction weight w_ui times ρ_u / Σ_i w_ui. An epoch of pairs then weighs users as an epoch of user rows does. */
export function relativePairWeights(train: Csr, kind: RowWeight): Float64Array {
  const counts = interactionWeights(train);
  const rows = relativeRowWeights(train, kind);
  const weights = new Float64Array(train.indices.length);
  let sum = 0;
  for (let u = 0; u < train.rows; u++) {
    for (let e = train.offsets[u]!; e < train.offsets[u + 1]!; e++) {
      weights[e] = counts[u]! > 0 ? ((train.values?.[e] ?? 1) * rows[u]!) / counts[u]! : 0;
      sum += weights[e]!;
    }
  }
  return weights.map((w) => (w * weights.length) / sum);
}
