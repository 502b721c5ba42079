import type { Csr } from '../array/csr.ts';
import type { Batch } from '../sampler/sampler.ts';
import type { Contrast } from './node-operations.ts';

/** The training graph: nodes are users, then items; the neighbours of node i are `neighbours[offsets[i] .. offsets[i + 1])`, ascending. */
interface NodeGraph {
  /** [nodes + 1] */
  readonly offsets: Int32Array;
  /** [2 × interactions]: every interaction is an edge in both directions. */
  readonly neighbours: Int32Array;
}

/** Writes the graph of a [users × items] matrix into arrays of the lengths that NodeGraph states; the matrix's values are ignored. */
export function fillNodeGraph(interactions: Csr, { offsets, neighbours }: NodeGraph): void {
  const { rows: users, columns: items, indices } = interactions;
  const nodes = users + items;
  offsets.set(interactions.offsets);
  offsets.fill(0, users + 1, nodes + 1);
  // degrees of the items, then their running sum
  for (const item of indices) offsets[users + item + 1]!++;
  for (let node = users; node < nodes; node++) offsets[node + 1]! += offsets[node]!;
  // [items] the place of each item's next neighbour; users are visited in ascending order, so neighbours are ascending
  const next = offsets.slice(users, nodes);
  for (let user = 0; user < users; user++) {
    for (let e = interactions.offsets[user]!; e < interactions.offsets[user + 1]!; e++) {
      const item = indices[e]!;
      neighbours[e] = users + item;
      neighbours[next[item]!++] = user;
    }
  }
}

/** Writes degree^−exponent of every node to `powers` [nodes]; 0 for a node without neighbours. */
export function fillDegreePowers(powers: Float32Array | Float64Array, offsets: Int32Array, exponent: number): void {
  for (let node = 0; node < powers.length; node++) {
    const degree = offsets[node + 1]! - offsets[node]!;
    powers[node] = degree === 0 ? 0 : degree ** -exponent;
  }
}

/** The nodes that `contrast` compares: the batch's distinct users or positive items, in batch order, at most `most`. Item i is node users + i. */
export function contrastedNodes(batch: Batch, of: Contrast['of'], users: number, most: number): number[] {
  const first = of === 'users' ? 0 : users;
  const nodes = new Set<number>();
  for (const id of of === 'users' ? batch.users : batch.positives) {
    if (nodes.size === most) break;
    nodes.add(first + id);
  }
  return [...nodes];
}
