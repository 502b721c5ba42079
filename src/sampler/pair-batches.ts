import type { Csr } from '../array/csr.ts';
import { fillIntegers, randomStream, shuffle, streamKey } from '../array/random.ts';
import type { AliasTable } from './alias-table.ts';
import { popularityTable } from './pool.ts';
import { relativePairWeights } from './row-weights.ts';
import type { Batch, BatchCapacity, Sampler } from './sampler.ts';
import type { SettledSamplerOptions } from './sampler-options.ts';

/**
 * Pair rows, as papers train: every epoch visits each interaction once, in a random order, B rows a step; each row has one positive and its own n
 * negatives, drawn with replacement, uniformly or ∝ degree^α.
 */
export class PairBatchSampler implements Sampler {
  readonly stepsPerEpoch: number;
  readonly capacity: BatchCapacity;
  readonly #train: Csr;
  readonly #seed: number;
  readonly #mask: boolean;
  readonly #table?: AliasTable;
  /** User of each entry. */
  readonly #entryUsers: Int32Array;
  /** Entries in the order of the epoch. */
  readonly #order: Int32Array;
  readonly #pairWeights: Float64Array;
  readonly #users: Int32Array;
  readonly #rowWeights: Float32Array;
  readonly #positiveOffsets: Int32Array;
  readonly #positives: Int32Array;
  readonly #negatives: Int32Array;
  readonly #maskOffsets: Int32Array;
  readonly #masked: Int32Array;
  /** The stamp of the row that last listed each item as a positive. */
  readonly #stamps: Int32Array;
  #stamp = 0;
  #epoch = 0;

  constructor(train: Csr, options: SettledSamplerOptions, seed: number) {
    const entries = train.indices.length;
    const rows = Math.min(options.rows, entries);
    const n = options.negatives as number;
    this.#train = train;
    this.#seed = seed;
    this.#mask = options.maskPositives;
    if (options.pool === 'popularity') this.#table = popularityTable(train, options.alpha);
    this.stepsPerEpoch = Math.ceil(entries / rows);
    this.capacity = { rows, positives: rows, negativesPerRow: n, shared: false };
    this.#entryUsers = new Int32Array(entries);
    for (let u = 0; u < train.rows; u++) this.#entryUsers.fill(u, train.offsets[u]!, train.offsets[u + 1]!);
    this.#order = new Int32Array(entries);
    this.#pairWeights = relativePairWeights(train, options.rowWeight).map((weight) => weight / rows);
    this.#users = new Int32Array(rows);
    this.#rowWeights = new Float32Array(rows);
    this.#positiveOffsets = Int32Array.from({ length: rows + 1 }, (_, r) => r);
    this.#positives = new Int32Array(rows);
    this.#negatives = new Int32Array(rows * n);
    this.#maskOffsets = new Int32Array(rows + 1);
    this.#masked = new Int32Array(this.#mask ? rows * n : 0);
    this.#stamps = new Int32Array(train.columns);
  }

  startEpoch(epoch: number): void {
    this.#epoch = epoch;
    for (let e = 0; e < this.#order.length; e++) this.#order[e] = e;
    shuffle(this.#order, randomStream(this.#seed, 'pairs', epoch));
  }

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
    };
  }

  /** Draws the negatives row by row and lists, while a row is still in the first cache, the places where it has the user's own positives. */
  #draw(rows: number, n: number, step: number): number {
    const { offsets, indices } = this.#train;
    const table = this.#table;
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
      if (this.#mask) {
        const stamp = this.#nextStamp();
        const user = this.#users[r]!;
        const end = offsets[user + 1]!;
        for (let e = offsets[user]!; e < end; e++) stamps[indices[e]!] = stamp;
        for (let j = 0; j < n; j++) if (stamps[negatives[start + j]!] === stamp) masked[at++] = j;
      }
      this.#maskOffsets[r + 1] = at;
    }
    return at;
  }

  #nextStamp(): number {
    if (this.#stamp === 2 ** 31 - 1) {
      this.#stamps.fill(0);
      this.#stamp = 0;
    }
    return ++this.#stamp;
  }
}
