import { type Csr, csrDegree } from '../array/csr.ts';
import { randomStream, shuffle } from '../array/random.ts';
import { TaurecError } from '../errors.ts';
import { ItemPositions } from './item-positions.ts';
import type { ListedItems } from './listed-items.ts';
import { createPool } from './pool.ts';
import { relativeRowWeights } from './row-weights.ts';
import type { Batch, BatchCapacity, Learned, Pool, Sampler } from './sampler.ts';
import type { SettledSamplerOptions } from './sampler-options.ts';

/**
 * The sampler of user batches (docs/samplers.md).
 *
 * Every epoch visits each user with training items once, in random order, B rows per step. A row holds all positives of its user, and all rows of a step share one
 * pool of negatives. The last batch may be shorter; the divisor of the row weights stays B. A batch costs its positives plus its pool.
 */
export class UserBatchSampler implements Sampler {
  readonly stepsPerEpoch: number;
  readonly capacity: BatchCapacity;
  readonly #train: Csr;
  readonly #seed: number;
  readonly #listed?: ListedItems;
  readonly #pool: Pool;
  /** The positions of the pool's items: the pool's own table, or one that is filled after each draw. */
  readonly #positions: ItemPositions;
  /** The users with training items, ascending. */
  readonly #users: Int32Array;
  /** The same users in the order of the epoch. */
  readonly #order: Int32Array;
  /** [users] ρ_u / (B × mean ρ) */
  readonly #userWeights: Float64Array;
  /** [B] and so on: the arrays of a batch, allocated once and reused. */
  readonly #rowWeights: Float32Array;
  readonly #positiveOffsets: Int32Array;
  readonly #positives: Int32Array;
  readonly #positiveWeights?: Float32Array;
  readonly #maskOffsets: Int32Array;
  readonly #masked: Int32Array;
  readonly #maskWeights?: Float32Array;
  #epoch = 0;

  constructor(train: Csr, options: SettledSamplerOptions, seed: number, listed?: ListedItems) {
    this.#train = train;
    this.#seed = seed;
    this.#listed = listed;
    this.#users = Int32Array.from({ length: train.rows }, (_, u) => u).filter((u) => csrDegree(train, u) > 0);
    this.#order = this.#users.slice();
    const rows = Math.min(options.rows, this.#users.length);
    // The worst batch holds the B users with the most positives.
    const positives = largestDegrees(train, rows);
    // A pool opens before the capacity is known: the number of negatives is its choice.
    this.#pool = createPool({ train, options, rows, positives, seed });
    this.#positions = this.#pool.positions ?? new ItemPositions(train.columns);
    const negativesPerRow = this.#pool.capacity;
    // Bounded by the listed items of the worst batch, and by every row masking the whole pool.
    const masked = listed ? Math.min(largestDegrees(listed, rows), rows * negativesPerRow) : 0;
    const maskWeights = listed?.weights !== undefined;
    this.stepsPerEpoch = Math.ceil(this.#users.length / rows);
    this.capacity = { rows, positives, negativesPerRow, shared: true, masked, maskWeights };
    this.#userWeights = relativeRowWeights(train, options.rowWeight).map((weight) => weight / rows);
    this.#rowWeights = new Float32Array(rows);
    this.#positiveOffsets = new Int32Array(rows + 1);
    this.#positives = new Int32Array(positives);
    this.#positiveWeights = train.values && new Float32Array(positives);
    this.#maskOffsets = new Int32Array(rows + 1);
    this.#masked = new Int32Array(masked);
    if (maskWeights) this.#maskWeights = new Float32Array(masked);
  }

  startEpoch(epoch: number, learned?: Learned): void {
    this.#epoch = epoch;
    this.#pool.startEpoch?.(epoch, learned);
    // Shuffled from the same start each time, so that an epoch does not depend on the ones before it.
    this.#order.set(this.#users);
    shuffle(this.#order, randomStream(this.#seed, 'users', epoch));
  }

  batch(step: number): Batch {
    const first = step * this.capacity.rows;
    const users = this.#order.subarray(first, first + this.capacity.rows);
    // First the positives: the pool `in-batch` is made of them.
    const positiveCount = this.#takePositives(users);
    const positives = this.#positives.subarray(0, positiveCount);
    const negatives = this.#pool.draw({ users, positives }, randomStream(this.#seed, 'pool', this.#epoch, step));
    if (!this.#pool.positions) this.#place(negatives);
    const maskCount = this.#listed ? this.#listPositions(users, this.#listed) : 0;
    return {
      shared: true,
      users,
      rowWeights: this.#rowWeights.subarray(0, users.length),
      positiveOffsets: this.#positiveOffsets.subarray(0, users.length + 1),
      positives,
      positiveWeights: this.#positiveWeights?.subarray(0, positiveCount),
      negatives,
      negativesPerRow: negatives.length,
      negativeWeights: this.#pool.weights?.(),
      maskOffsets: this.#maskOffsets.subarray(0, users.length + 1),
      masked: this.#masked.subarray(0, maskCount),
      maskWeights: this.#maskWeights?.subarray(0, maskCount),
    };
  }

  /** Copies positives, weights and row weights of the batch's users; returns the number of positives. */
  #takePositives(users: Int32Array): number {
    const { offsets, indices, values } = this.#train;
    const positives = this.#positives;
    let at = 0;
    for (let r = 0; r < users.length; r++) {
      const user = users[r]!;
      this.#rowWeights[r] = this.#userWeights[user]!;
      const end = offsets[user + 1]!;
      for (let e = offsets[user]!; e < end; e++) {
        if (values) this.#positiveWeights![at] = values[e]!;
        positives[at++] = indices[e]!;
      }
      this.#positiveOffsets[r + 1] = at;
    }
    return at;
  }

  /**
   * Records the positions of a custom pool's draw and checks it.
   * @throws TaurecError `bad-option` for a draw that is empty, too large, or has unknown or repeated items
   */
  #place(items: Int32Array): void {
    const positions = this.#positions;
    positions.clear();
    const fault = (got: unknown, expected: string) =>
      new TaurecError('bad-option', { option: 'batch.pool', got, expected: `a draw of ${expected}` });
    if (items.length < 1 || items.length > this.capacity.negativesPerRow) {
      throw fault(`${items.length} items`, `1 to ${this.capacity.negativesPerRow} items, the pool's capacity`);
    }
    for (const item of items) {
      if (!(item >= 0 && item < this.#train.columns)) throw fault(item, `items from 0 to ${this.#train.columns - 1}`);
      if (positions.of(item) >= 0) throw fault(`item ${item} twice`, 'distinct items');
      positions.add(item);
    }
  }

  /** Records the pool positions of each row's listed items; returns their number. */
  #listPositions(users: Int32Array, { offsets, indices, weights }: ListedItems): number {
    const masked = this.#masked;
    const positions = this.#positions;
    let at = 0;
    for (let r = 0; r < users.length; r++) {
      const user = users[r]!;
      const end = offsets[user + 1]!;
      for (let e = offsets[user]!; e < end; e++) {
        // Most listed items are not in the pool.
        const position = positions.of(indices[e]!);
        if (position < 0) continue;
        if (weights) this.#maskWeights![at] = weights[e]!;
        masked[at++] = position;
      }
      this.#maskOffsets[r + 1] = at;
    }
    return at;
  }
}

/** Sum of the `count` largest row degrees. */
function largestDegrees({ offsets }: Pick<Csr, 'offsets'>, count: number): number {
  const degrees = Int32Array.from({ length: offsets.length - 1 }, (_, u) => offsets[u + 1]! - offsets[u]!).sort();
  return degrees.subarray(degrees.length - count).reduce((sum, degree) => sum + degree, 0);
}
