import { type Csr, csrTranspose } from '../array/csr.ts';
import { sharedFloat32, sharedInt32 } from '../array/shared.ts';
import { CoOccurrence } from './co-occurrence.ts';
import { type NearestItems, nearestItems } from './nearest-items.ts';
import type { NeighborSettings, Neighbors } from './neighbors.ts';
import { ridgeWeights } from './ridge-weights.ts';

/**
 * The neighbour term of a training set with given settings. The same interactions, settings and seed give the same bytes.
 * @param train [users × items]; values are weights of interactions
 * @param seed of the sample of items of users with very many
 */
export function buildNeighbors(train: Csr, settings: NeighborSettings, seed: number): Neighbors {
  const { size, ridge } = settings;
  const together = CoOccurrence.sampled(train, seed);
  const [nearest] = nearestItems(together, size, [settings]);
  const values = ridge === undefined ? nearest!.values : ridgeWeights(together, nearest!, size, [ridge])[0]!;
  return { ...settings, votes: votesOf(nearest!, size, values) };
}

/** S by liked item, from the first `size` neighbours of every item and their weights. */
export function votesOf(nearest: NearestItems, size: number, weights: Float32Array): Csr {
  const rows = nearest.count.length;
  const offsets = sharedInt32(rows + 1);
  for (let i = 0; i < rows; i++) offsets[i + 1] = offsets[i]! + Math.min(size, nearest.count[i]!);
  const indices = sharedInt32(offsets[rows]!);
  const values = sharedFloat32(offsets[rows]!);
  for (let i = 0; i < rows; i++) {
    const from = i * nearest.size;
    const length = offsets[i + 1]! - offsets[i]!;
    indices.set(nearest.items.subarray(from, from + length), offsets[i]!);
    values.set(weights.subarray(from, from + length), offsets[i]!);
  }
  // the transpose has ascending rows even though the rows here go from nearest to farthest
  return csrTranspose({ rows, columns: rows, offsets, indices, values });
}
