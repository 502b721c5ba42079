import { type Csr, csrEntryRows } from '../array/csr.ts';
import { fillIntegers, randomStream, shuffle, streamKey } from '../array/random.ts';
import type { AliasTable } from './alias-table.ts';
import type { ListedItems } from './listed-items.ts';
import { popularityTable } from './pool.ts';
import { relativePairWeights } from './row-weights.ts';
import type { Batch, BatchCapacity, Sampler } from './sampler.ts';
import type { SettledSamplerOptions } from './sampler-options.ts';

/**
 * The sampler of pair batches, the usual form in papers (docs/samplers.md).
 *
 * Every epoch visits each interaction once, in random order, B rows per step. A row has one positive and a separate draw of n negatives: with replacement, uniform or ∝ degree^α.
 */
export class PairBatchSampler implements Sampler {
  readonly stepsPerEpoch: number;
  readonly capacity: BatchCapacity;
  readonly #train: Csr;
  readonly #seed: number;
  readonly #listed?: ListedItems;
  /** Drawing probabilities of the popularity pool; absent for uniform draws. */
  readonly #table?: AliasTable;
  /** [interactions] the user of each. */
  readonly #entryUsers: Int32Array;
  /** [interactions] their order in the current epoch. */
  readonly #order: Int32Array;
  /** [interactions] the row weight of each, already divided by B. */
  readonly #pairWeights: Float64Array;
  /** [B] and so on: the arrays of a batch, allocated once and reused. */
  readonly #users: Int32Array;
  readonly #rowWeights: Float32Array;
  readonly #positiveOffsets: Int32Array;
  readonly #positives: Int32Array;
  /** [B × n]; row r starts at r · n. */
  readonly #negatives: Int32Array;
  readonly #maskOffsets: Int32Array;
  /** At most B × n positions: every negative of every row may be a listed item. */
  readonly #masked: Int32Array;
  readonly #maskWeights?: Float32Array;
  /** [items] the stamp of the last row whose user lists the item. A fresh stamp per row replaces clearing the array. */
  readonly #stamps: Int32Array;
  /** [items] the weight under that stamp; present only when listed items have weights. */
  readonly #stampWeights?: Float32Array;
  #stamp = 0;
  #epoch = 0;

  /** @param listed items whose weight among a user's negatives is not 1 */
  constructor(train: Csr, options: SettledSamplerOptions, seed: number, listed?: ListedItems) {
    const entries = train.indices.length;
    // B, capped at the number of interactions.
    const rows = Math.min(options.rows, entries);
    const n = options.negatives as number;
    this.#train = train;
    this.#seed = seed;
    this.#listed = listed;
    if (options.pool === 'popularity') this.#table = popularityTable(train, options.alpha);
    this.stepsPerEpoch = Math.ceil(entries / rows);
    const masked = listed ? rows * n : 0;
    const maskWeights = listed?.weights !== undefined;
    this.capacity = { rows, positives: rows, negativesPerRow: n, shared: false, masked, maskWeights };
    this.#entryUsers = csrEntryRows(train);
    this.#order = new Int32Array(entries);
    this.#pairWeights = relativePairWeights(train, options.rowWeight).map((weight) => weight / rows);
    this.#users = new Int32Array(rows);
    this.#rowWeights = new Float32Array(rows);
    this.#positiveOffsets = Int32Array.from({ length: rows + 1 }, (_, r) => r);
    this.#positives = new Int32Array(rows);
    this.#negatives = new Int32Array(rows * n);
    this.#maskOffsets = new Int32Array(rows + 1);
    this.#masked = new Int32Array(masked);
    this.#stamps = new Int32Array(train.columns);
    if (!maskWeights) return;
    this.#maskWeights = new Float32Array(masked);
    this.#stampWeights = new Float32Array(train.columns);
  }

  startEpoch(epoch: number): void {
    this.#epoch = epoch;
    for (let e = 0; e < this.#order.length; e++) this.#order[e] = e;
    shuffle(this.#order, randomStream(this.#seed, 'pairs', epoch));
  }

  /** Builds batch `step`. The last batch of an epoch may be shorter; the divisor of the row weights stays B. */
  batch(step: number): Batch {
    const n = this.capacity.negativesPerRow;
    const first = step * this.capacity.rows;
    const rows = Math.min(this.capacity.rows, this.#order.length - first);
    for (let r = 0; r < rows; r++) {
      const entry = this.#order[first + r]!;
      this.#users[r] = this.#entryUsers[entry]!;
      this.#positives[r] = this.#train.indices[entry]!;
      this.#rowWeights[r] = this.#pairWeights[entry]!;
    }
    const negatives = this.#negatives.subarray(0, rows * n);
    const maskCount = this.#draw(rows, n, step);
    return {
      shared: false,
      users: this.#users.subarray(0, rows),
      rowWeights: this.#rowWeights.subarray(0, rows),
      positiveOffsets: this.#positiveOffsets.subarray(0, rows + 1),
      positives: this.#positives.subarray(0, rows),
      negatives,
      negativesPerRow: n,
      maskOffsets: this.#maskOffsets.subarray(0, rows + 1),
      masked: this.#masked.subarray(0, maskCount),
      maskWeights: this.#maskWeights?.subarray(0, maskCount),
    };
  }

  /** Draws the negatives row by row. Right after a row, while it is in the first-level cache, it records the positions of the user's listed items. Returns the number of positions. */
  #draw(rows: number, n: number, step: number): number {
    const listed = this.#listed;
    const table = this.#table;
    // The popularity pool needs a stream (two draws per negative). Uniform draws are hashes of (key, position): no state, several times faster.
    const random = table && randomStream(this.#seed, 'pool', this.#epoch, step);
    const key = streamKey(this.#seed, 'pool', this.#epoch, step);
    const negatives = this.#negatives;
    const stamps = this.#stamps;
    const masked = this.#masked;
    let at = 0;
    for (let r = 0; r < rows; r++) {
      const start = r * n;
      if (table) for (let j = 0; j < n; j++) negatives[start + j] = table.draw(random!);
      else fillIntegers(negatives, this.#train.columns, key, start, start + n);
      if (listed) {
        // Cost per row: the user's listed items plus n look-ups, with no search.
        const stamp = this.#stampItems(listed, this.#users[r]!);
        const first = at;
        for (let j = 0; j < n; j++) if (stamps[negatives[start + j]!] === stamp) masked[at++] = j;
        if (listed.weights) this.#weigh(start, first, at);
      }
      this.#maskOffsets[r + 1] = at;
    }
    return at;
  }

  /** Stamps the items that a user lists, records their weights, and returns the stamp. */
  #stampItems({ offsets, indices, weights }: ListedItems, user: number): number {
    const stamp = this.#nextStamp();
    const stamps = this.#stamps;
    const end = offsets[user + 1]!;
    for (let e = offsets[user]!; e < end; e++) stamps[indices[e]!] = stamp;
    if (weights) for (let e = offsets[user]!; e < end; e++) this.#stampWeights![indices[e]!] = weights[e]!;
    return stamp;
  }

  /** Writes the weights of the listed positions `first` … `last` − 1, for the row whose negatives start at `start`. */
  #weigh(start: number, first: number, last: number): void {
    for (let at = first; at < last; at++) {
      this.#maskWeights![at] = this.#stampWeights![this.#negatives[start + this.#masked[at]!]!]!;
    }
  }

  /** The next unused stamp; clears the array when 32-bit integers run out. */
  #nextStamp(): number {
    if (this.#stamp === 2 ** 31 - 1) {
      this.#stamps.fill(0);
      this.#stamp = 0;
    }
    return ++this.#stamp;
  }
}
