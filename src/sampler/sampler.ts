import type { Csr } from '../array/csr.ts';
import type { Random } from '../array/random.ts';
import type { ItemPositions } from './item-positions.ts';

/**
 * One step's work: B rows, each a user with positives, and negatives. In a user batch (`shared`) all rows share one pool of distinct items;
 * in a pair batch each row has one positive and its own n negatives. The arrays are owned by the sampler and are valid until its next batch.
 */
export interface Batch {
  readonly shared: boolean;
  /** [B] user of each row. */
  readonly users: Int32Array;
  /** [B] ρ_u / (rows per batch × mean ρ): what multiplies the row's value. */
  readonly rowWeights: Float32Array;
  /** [B + 1]; the positives of row r are positives[positiveOffsets[r] .. positiveOffsets[r + 1]). */
  readonly positiveOffsets: Int32Array;
  readonly positives: Int32Array;
  /** Beside `positives`; absent means all 1. */
  readonly positiveWeights?: Float32Array;
  /** [n] distinct items when shared; else [B × n], row r's own negatives at r·n (repeats allowed). */
  readonly negatives: Int32Array;
  /** n: negatives a row sees. */
  readonly negativesPerRow: number;
  /** [n], shared pools only: multiplicity and logQ correction; absent means all 1. */
  readonly negativeWeights?: Float32Array;
  /**
   * [B + 1]; row r does not see the negatives at positions masked[maskOffsets[r] .. maskOffsets[r + 1]) of its n (the user's own positives),
   * or sees them with the weights in `maskWeights`.
   */
  readonly maskOffsets: Int32Array;
  /** Distinct within a row. */
  readonly masked: Int32Array;
  /** Beside `masked`: what multiplies the weight that the pool gives the negative, ≥ 0; absent means all 0. */
  readonly maskWeights?: Float32Array;
}

/** What the embeddings have learned by the end of the last epoch. */
export interface Learned {
  /**
   * The `k` items that score best for each user by the present embeddings, best first; −1 where fewer remain. [users × k]
   * @param excluded [users × items] row r lists what user r must not get.
   */
  bestItems(users: Int32Array, k: number, excluded: Csr): Int32Array;
}

/** Makes the batches of an epoch. The same (seed, epoch, step), and the same embeddings where a sampler looks at them, always give the same batch. */
export interface Sampler {
  readonly stepsPerEpoch: number;
  /** The most a batch can hold, so that an engine can allocate once. */
  readonly capacity: BatchCapacity;
  /**
   * Prepares epoch `epoch` (from 0): the order of its rows.
   * @param learned absent before the first step of a training
   */
  startEpoch(epoch: number, learned?: Learned): void;
  /** Batch `step` (from 0) of the epoch last started. */
  batch(step: number): Batch;
}

/** The most that a batch of a sampler holds: an engine sizes its memory by it. */
export interface BatchCapacity {
  readonly rows: number;
  readonly positives: number;
  readonly negativesPerRow: number;
  readonly shared: boolean;
  /** The most positions that the rows of a batch list in `masked`, together. */
  readonly masked: number;
  /** True when batches have `maskWeights`. */
  readonly maskWeights: boolean;
}

/** Draws the pool of a user batch: distinct items, with a weight where an item stands for more or less than one draw. */
export interface Pool {
  /** The most items a draw can give. */
  readonly capacity: number;
  /** Position of every item of the last draw, where the pool keeps them; otherwise the sampler does. */
  readonly positions?: ItemPositions;
  /** As `Sampler.startEpoch`. */
  startEpoch?(epoch: number, learned?: Learned): void;
  /** The items, distinct and valid until the next draw. All that is drawn at random comes from `random`. */
  draw(batch: PoolBatch, random: Random): Int32Array;
  /** Weights ≥ 0 beside the items last drawn; absent when all weigh 1. */
  weights?(): Float32Array | undefined;
}

/** The rows that a pool is drawn for. */
export interface PoolBatch {
  readonly users: Int32Array;
  /** All positives of the batch, repeats included. */
  readonly positives: Int32Array;
}
