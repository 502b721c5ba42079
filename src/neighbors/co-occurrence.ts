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
  /** [users × items] the counted interactions, and the same by item. */
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
    this.#users = train;
    this.holders = csrTranspose(this.#users);
    this.counts = new Float64Array(this.items);
    const { indices, values } = this.#users;
    for (let e = 0; e < indices.length; e++) this.counts[indices[e]!]! += values ? values[e]! * values[e]! : 1;
    this.#row = new Float64Array(this.items);
    this.#found = new Int32Array(this.items);
  }

  /**
   * Returns what `take` makes of the items j ≠ i that share a user with item i, in no order, and of an array that holds n_ij at j. Both are valid during the call.
   */
  row<T>(i: number, take: (found: Int32Array, together: Float64Array) => T): T {
    const users = this.#users;
    const { holders } = this;
    const row = this.#row;
    let count = 0;
    for (let e = holders.offsets[i]!; e < holders.offsets[i + 1]!; e++) {
      const user = holders.indices[e]!;
      const weight = holders.values ? holders.values[e]! : 1;
      const end = users.offsets[user + 1]!;
      for (let f = users.offsets[user]!; f < end; f++) {
        const j = users.indices[f]!;
        if (row[j] === 0 && j !== i) this.#found[count++] = j;
        row[j]! += users.values ? weight * users.values[f]! : weight;
      }
    }
    row[i] = 0;
    const found = this.#found.subarray(0, count);
    const taken = take(found, row);
    for (let at = 0; at < count; at++) row[found[at]!] = 0;
    return taken;
  }
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
