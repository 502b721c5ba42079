import type { Csr } from '../array/csr.ts';
import type { Random } from '../array/random.ts';
import type { ItemPositions } from './item-positions.ts';

/**
 * The work of one step: B rows, each with a user and positives, and the negatives.
 *
 * In a user batch (`shared`) all rows share one pool of distinct items. In a pair batch each row has one positive and a separate set of n negatives.
 * The sampler owns the arrays; they are valid until its next batch.
 */
export interface Batch {
  /** True for user batches, whose rows share the negatives. */
  readonly shared: boolean;
  /** [B] the user of each row. */
  readonly users: Int32Array;
  /** [B] ρ_u / (rows per batch × mean ρ), the factor of the row's value. */
  readonly rowWeights: Float32Array;
  /** [B + 1] the positives of row r are positives[positiveOffsets[r] .. positiveOffsets[r + 1]). */
  readonly positiveOffsets: Int32Array;
  /** The positive items of all rows, row after row. */
  readonly positives: Int32Array;
  /** The interaction weight of each entry of `positives`; absent means all 1. */
  readonly positiveWeights?: Float32Array;
  /** [n] distinct items when shared; otherwise [B × n], with those of row r at r·n … (repeats allowed). */
  readonly negatives: Int32Array;
  /** n, the number of negatives per row. */
  readonly negativesPerRow: number;
  /** [n] shared pools only: multiplicity times logQ correction; absent means all 1. */
  readonly negativeWeights?: Float32Array;
  /** [B + 1] row r skips the negatives at positions masked[maskOffsets[r] .. maskOffsets[r + 1]) of its n (the user's own positives), or weighs them by `maskWeights`. */
  readonly maskOffsets: Int32Array;
  /** Positions among the n negatives; distinct within a row. */
  readonly masked: Int32Array;
  /** One per entry of `masked`, ≥ 0: factor of the negative's weight in the pool; absent means all 0. */
  readonly maskWeights?: Float32Array;
}

/** The embeddings at the end of the last epoch, as a sampler may query them. */
export interface Learned {
  /**
   * [users × k] the `k` best-scoring items for each user, best first; −1 where fewer remain.
   * @param excluded [users × items] row r lists the items that the r-th of `users` must not get
   */
  bestItems(users: Int32Array, k: number, excluded: Csr): Int32Array;
}

/** Makes the batches of an epoch. Equal (seed, epoch, step) give equal batches; a sampler that uses the embeddings also needs equal embeddings. */
export interface Sampler {
  /** Number of batches per epoch. */
  readonly stepsPerEpoch: number;
  /** Upper bounds of a batch, by which an engine allocates its memory once. */
  readonly capacity: BatchCapacity;
  /**
   * Prepares epoch `epoch` (from 0), for example the order of its rows.
   * @param learned absent before the first step of a run
   */
  startEpoch(epoch: number, learned?: Learned): void;
  /** Batch `step` (from 0) of the current epoch. Training draws it while the step before it ends. */
  batch(step: number): Batch;
}

/** Upper bounds of a sampler's batches; an engine sizes its memory by them. */
export interface BatchCapacity {
  /** Most rows, B. */
  readonly rows: number;
  /** Most positives, over all rows of a batch. */
  readonly positives: number;
  /** Most negatives per row, n. */
  readonly negativesPerRow: number;
  /** True for user batches. */
  readonly shared: boolean;
  /** Most entries of `masked`, over all rows of a batch. */
  readonly masked: number;
  /** True when the batches have `maskWeights`. */
  readonly maskWeights: boolean;
}

/** Draws the pool of a user batch: distinct items, with a weight where an item counts for more or less than one draw. */
export interface Pool {
  /** Most items in a draw. */
  readonly capacity: number;
  /** The position of every item of the last draw, if the pool keeps them; otherwise the sampler does. */
  readonly positions?: ItemPositions;
  /** Prepares an epoch, like `Sampler.startEpoch`. */
  startEpoch?(epoch: number, learned?: Learned): void;
  /** Draws the items of a batch: distinct, and valid until the next draw. All randomness must come from `random`, so that runs repeat. */
  draw(batch: PoolBatch, random: Random): Int32Array;
  /** Weights ≥ 0 of the items last drawn, in their order; absent when all are 1. */
  weights?(): Float32Array | undefined;
}

/** The rows for which a pool is drawn. */
export interface PoolBatch {
  /** The users of the batch. */
  readonly users: Int32Array;
  /** All positives of the batch, repeats included. */
  readonly positives: Int32Array;
}
