import { type Csr, csrDegree } from '../array/csr.ts';

/** ρ_u of a user: the sum of its interaction weights (`count`: |P_u| where there are none), the square root of that, or 1. */
export type RowWeight = (typeof rowWeights)[number];
/** The names of the row weights. */
export const rowWeights = ['count', 'sqrt', 'one'] as const;

/** The summed interaction weights of each user; |P_u| where the matrix has no values. */
export function interactionWeights(train: Csr): Float64Array {
  const counts = new Float64Array(train.rows);
  for (let u = 0; u < train.rows; u++) {
    if (!train.values) counts[u] = csrDegree(train, u);
    else for (let e = train.offsets[u]!; e < train.offsets[u + 1]!; e++) counts[u]! += train.values[e]!;
  }
  return counts;
}

/** ρ_u / mean ρ for each user, the mean over the users that have training items; 0 for the others. */
export function relativeRowWeights(train: Csr, kind: RowWeight): Float64Array {
  const counts = interactionWeights(train);
  const weights = counts.map((count, u) => {
    if (csrDegree(train, u) === 0) return 0;
    return kind === 'count' ? count : kind === 'sqrt' ? Math.sqrt(count) : 1;
  });
  let sum = 0;
  let users = 0;
  for (let u = 0; u < train.rows; u++) {
    if (csrDegree(train, u) === 0) continue;
    sum += weights[u]!;
    users++;
  }
  return weights.map((w) => (w * users) / sum);
}

/**
 * What each interaction weighs in pair batches, mean 1: its own weight w_ui times ρ_u / Σ_i w_ui, so that an epoch of pairs
 * weighs users as an epoch of user rows does.
 */
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
