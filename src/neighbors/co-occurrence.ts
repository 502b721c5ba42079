import { type Csr, csrDegree, csrTranspose } from '../array/csr.ts';
import { randomStream, shuffle } from '../array/random.ts';
import { sharedFloat32, sharedInt32 } from '../array/shared.ts';

/** The most items of one user that are counted; of a longer list a sample is drawn. It bounds the cost of a user by its square. */
export const MOST_ITEMS = 500;

/**
 * How often items occur together, row by row:
 *
 *     n_ij = Σ_u w_ui · w_uj,   n_i = n_ii = Σ_u w_ui²
 *
 * w_ui is the weight of the interaction; 1 without weights, so that n_ij is the number of users with both items. A row costs Σ |P_u| over the item's users; see docs/neighbours.md.
 */
export class CoOccurrence {
  readonly items: number;
  /** [items] n_i. */
  readonly counts: Float64Array;
  /** [users × items] the counted interactions, and the same by item; without weights the users are numbered anew (`grouped`). */
  readonly #users: Csr;
  readonly holders: Csr;
  /** [items] the row in work; 0 outside of it. */
  readonly #row: Float64Array;
  readonly #found: Int32Array;

  /** Of users with more than `MOST_ITEMS` items only a sample of that size counts, drawn by the seed. */
  static sampled(train: Csr, seed: number): CoOccurrence {
    return new CoOccurrence(sampled(train, seed));
  }

  constructor(train: Csr) {
    this.items = train.columns;
    this.counts = new Float64Array(this.items);
    const { indices, values } = train;
    for (let e = 0; e < indices.length; e++) this.counts[indices[e]!]! += values ? values[e]! * values[e]! : 1;
    // Sums of whole numbers are the same in any order, sums of weights are not.
    this.#users = values ? train : grouped(train, this.counts);
    this.holders = csrTranspose(this.#users);
    this.#row = new Float64Array(this.items);
    this.#found = new Int32Array(this.items);
  }

  /**
   * Returns what `take` makes of the items j ≠ i that share a user with item i, in no order, and of an array that holds n_ij at j. Both are valid during the call.
   */
  row<T>(i: number, take: (found: Int32Array, together: Float64Array) => T): T {
    const row = this.#row;
    const found = this.#found.subarray(0, this.holders.values ? this.#sumWeights(i) : this.#count(i));
    row[i] = 0;
    const taken = take(found, row);
    for (let at = 0; at < found.length; at++) row[found[at]!] = 0;
    return taken;
  }

  /** Puts n_ij into the row, without weights, and the items found into the list; returns their number. */
  #count(i: number): number {
    const found = this.#found;
    const row = this.#row;
    const { offsets: starts, indices: items } = this.#users;
    const { offsets, indices } = this.holders;
    const last = offsets[i + 1]!;
    // not 0: item i itself is none that is found
    row[i] = 1;
    let count = 0;
    for (let e = offsets[i]!; e < last; e++) {
      const user = indices[e]!;
      const end = starts[user + 1]!;
      for (let f = starts[user]!; f < end; f++) {
        const j = items[f]!;
        const sum = row[j]!;
        if (sum === 0) found[count++] = j;
        row[j] = sum + 1;
      }
    }
    return count;
  }

  /** As `#count`, with weights. */
  #sumWeights(i: number): number {
    const found = this.#found;
    const row = this.#row;
    const { offsets: starts, indices: items, values } = this.#users;
    const { holders } = this;
    let count = 0;
    for (let e = holders.offsets[i]!; e < holders.offsets[i + 1]!; e++) {
      const user = holders.indices[e]!;
      const weight = holders.values![e]!;
      const end = starts[user + 1]!;
      for (let f = starts[user]!; f < end; f++) {
        const j = items[f]!;
        if (row[j] === 0 && j !== i) found[count++] = j;
        row[j]! += weight * values![f]!;
      }
    }
    return count;
  }
}

/** The users ordered by the most popular of their items: those who share an item are then near each other in memory, where the rows of an item's users take most of the time. */
function grouped({ rows, columns, offsets, indices }: Csr, counts: Float64Array): Csr {
  // of user u the most popular item, `columns` without items
  const groups = new Int32Array(rows).fill(columns);
  const next = new Int32Array(columns + 2);
  for (let u = 0; u < rows; u++) {
    let most = 0;
    for (let e = offsets[u]!; e < offsets[u + 1]!; e++) {
      const item = indices[e]!;
      if (counts[item]! <= most) continue;
      most = counts[item]!;
      groups[u] = item;
    }
    next[groups[u]! + 1]!++;
  }
  for (let group = 0; group <= columns; group++) next[group + 1]! += next[group]!;
  const order = new Int32Array(rows);
  for (let u = 0; u < rows; u++) order[next[groups[u]!]!++] = u;
  const starts = sharedInt32(rows + 1);
  const grouped = sharedInt32(indices.length);
  let end = 0;
  for (let r = 0; r < rows; r++) {
    const user = order[r]!;
    for (let e = offsets[user]!; e < offsets[user + 1]!; e++) grouped[end++] = indices[e]!;
    starts[r + 1] = end;
  }
  return { rows, columns, offsets: starts, indices: grouped };
}

/** The interactions, of every user at most `MOST_ITEMS`. */
function sampled(train: Csr, seed: number): Csr {
  const degrees = Array.from({ length: train.rows }, (_, u) => csrDegree(train, u));
  if (degrees.every((degree) => degree <= MOST_ITEMS)) return train;
  const offsets = sharedInt32(train.rows + 1);
  const kept = degrees.reduce((sum, degree) => sum + Math.min(degree, MOST_ITEMS), 0);
  const indices = sharedInt32(kept);
  const values = train.values && sharedFloat32(kept);
  let end = 0;
  for (let u = 0; u < train.rows; u++) {
    const first = train.offsets[u]!;
    const places = Int32Array.from({ length: degrees[u]! }, (_, p) => first + p);
    const drawn =
      places.length <= MOST_ITEMS
        ? places
        : shuffle(places, randomStream(seed, 'neighbors', u))
            .slice(0, MOST_ITEMS)
            .sort();
    for (const e of drawn) {
      indices[end] = train.indices[e]!;
      if (values) values[end] = train.values![e]!;
      end++;
    }
    offsets[u + 1] = end;
  }
  return { rows: train.rows, columns: train.columns, offsets, indices, values };
}
