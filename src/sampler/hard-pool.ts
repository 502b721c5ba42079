import type { Csr } from '../array/csr.ts';
import type { Random } from '../array/random.ts';
import { ItemPositions } from './item-positions.ts';
import type { Learned, Pool, PoolBatch } from './sampler.ts';
import type { PoolSetting } from './sampler-options.ts';

/** Users per ranking call; it bounds the memory of the scores (1,024 × items). */
const BLOCK = 1024;

/**
 * The pool of the highest-scoring negatives of the last epoch (docs/samplers.md).
 *
 * Before each epoch except the first, it lists for each user the k = ⌈n / rows⌉ best-scoring items, training items excluded. The pool of a batch then takes the lists of
 * its users rank by rank (all first items, all second items, …), each item once, until it has n items; uniform draws fill the rest. In the first epoch of a run the
 * whole pool is uniform. The extra cost per epoch is one ranking of all items for all users.
 */
export class HardPool implements Pool {
  /** n, capped at the number of items. */
  readonly capacity: number;
  /** The positions of the items drawn so far. */
  readonly positions: ItemPositions;
  readonly #train: Csr;
  /** All users, ascending; blocks of it are views. */
  readonly #users: Int32Array;
  /** [n] the current draw, reused by every batch. */
  readonly #items: Int32Array;
  /** k, items per user's list. */
  readonly #length: number;
  /** [users × k] best first; −1 where a user has no further item. Undefined before anything is learned. */
  #lists: Int32Array | undefined;

  constructor({ train, options, rows }: PoolSetting) {
    this.capacity = Math.min(options.negatives as number, train.columns);
    this.positions = new ItemPositions(train.columns);
    this.#train = train;
    this.#users = Int32Array.from({ length: train.rows }, (_, u) => u);
    this.#items = new Int32Array(this.capacity);
    // A full batch has rows · k ≥ n list entries: enough for the whole pool if they were distinct.
    this.#length = Math.ceil(this.capacity / rows);
  }

  startEpoch(_epoch: number, learned?: Learned): void {
    if (!learned) {
      this.#lists = undefined;
      return;
    }
    this.#lists ??= new Int32Array(this.#train.rows * this.#length);
    for (let first = 0; first < this.#train.rows; first += BLOCK) {
      // The last block may be shorter.
      const users = this.#users.subarray(first, first + BLOCK);
      const best = learned.bestItems(users, this.#length, rowsOf(this.#train, first, users.length));
      this.#lists.set(best, first * this.#length);
    }
  }

  draw({ users }: PoolBatch, random: Random): Int32Array {
    const { positions, capacity } = this;
    positions.clear();
    if (this.#lists) this.#takeBest(users, this.#lists);
    while (positions.size < capacity) this.#take(random.integer(this.#train.columns));
    return this.#items;
  }

  /** Takes the lists of the batch's users rank by rank, until the pool is full. */
  #takeBest(users: Int32Array, lists: Int32Array): void {
    const k = this.#length;
    for (let rank = 0; rank < k; rank++) {
      for (const user of users) {
        if (this.positions.size === this.capacity) return;
        // −1 marks the end of a short list.
        const item = lists[user * k + rank]!;
        if (item >= 0) this.#take(item);
      }
    }
  }

  /** Adds an item unless the pool has it already. */
  #take(item: number): void {
    if (this.positions.of(item) >= 0) return;
    this.#items[this.positions.size] = item;
    this.positions.add(item);
  }
}

/** Rows first … first + count − 1 of a matrix. Shares the indices; values are left out. */
function rowsOf({ columns, offsets, indices }: Csr, first: number, count: number): Csr {
  const [from, to] = [offsets[first]!, offsets[first + count]!];
  const shifted = Int32Array.from({ length: count + 1 }, (_, r) => offsets[first + r]! - from);
  return { rows: count, columns, offsets: shifted, indices: indices.subarray(from, to) };
}
