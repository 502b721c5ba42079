import type { Csr } from '../array/csr.ts';
import type { Random } from '../array/random.ts';
import { ItemPositions } from './item-positions.ts';
import type { Learned, Pool, PoolBatch } from './sampler.ts';
import type { PoolSetting } from './sampler-options.ts';

/** Users ranked at a time. */
const BLOCK = 1024;

/**
 * The highest-scoring negatives of the last epoch. Before each epoch but the first, the k = ⌈n / rows⌉ items that score best for each user, training items excluded,
 * are listed. The pool of a batch takes the lists of its users by rank: all first items, all second ones, and so on, each item once, until it has n; uniform draws fill
 * the rest. In the first epoch of a training the whole pool is uniform. An epoch costs one ranking of all items for all users more.
 */
export class HardPool implements Pool {
  readonly capacity: number;
  readonly positions: ItemPositions;
  readonly #train: Csr;
  readonly #users: Int32Array;
  readonly #items: Int32Array;
  /** k */
  readonly #length: number;
  /** [users × k] best first; −1 where a user has no further item. Undefined while nothing is learned. */
  #lists: Int32Array | undefined;

  constructor({ train, options, rows }: PoolSetting) {
    this.capacity = Math.min(options.negatives as number, train.columns);
    this.positions = new ItemPositions(train.columns);
    this.#train = train;
    this.#users = Int32Array.from({ length: train.rows }, (_, u) => u);
    this.#items = new Int32Array(this.capacity);
    this.#length = Math.ceil(this.capacity / rows);
  }

  startEpoch(_epoch: number, learned?: Learned): void {
    if (!learned) {
      this.#lists = undefined;
      return;
    }
    this.#lists ??= new Int32Array(this.#train.rows * this.#length);
    for (let first = 0; first < this.#train.rows; first += BLOCK) {
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

  /** Takes the users' lists rank by rank. */
  #takeBest(users: Int32Array, lists: Int32Array): void {
    const k = this.#length;
    for (let rank = 0; rank < k; rank++) {
      for (const user of users) {
        if (this.positions.size === this.capacity) return;
        const item = lists[user * k + rank]!;
        if (item >= 0) this.#take(item);
      }
    }
  }

  #take(item: number): void {
    if (this.positions.of(item) >= 0) return;
    this.#items[this.positions.size] = item;
    this.positions.add(item);
  }
}

/** Rows first … first + count − 1 of a matrix. */
function rowsOf({ columns, offsets, indices }: Csr, first: number, count: number): Csr {
  const [from, to] = [offsets[first]!, offsets[first + count]!];
  const shifted = Int32Array.from({ length: count + 1 }, (_, r) => offsets[first + r]! - from);
  return { rows: count, columns, offsets: shifted, indices: indices.subarray(from, to) };
}
