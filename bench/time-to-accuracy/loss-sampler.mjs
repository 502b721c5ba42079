import { csrDegree } from '../../dist/array/csr.js';
import { randomStream, shuffle } from '../../dist/array/random.js';
import { createPool } from '../../dist/sampler/pool.js';
import { relativeRowWeights } from '../../dist/sampler/row-weights.js';
import { samplerDefaults } from '../../dist/sampler/sampler-options.js';
import { UserBatchSampler } from '../../dist/sampler/user-batches.js';

/** @typedef {import('../../dist/extend.js').Loss} Loss */
/** @typedef {import('../../dist/extend.js').Csr} Csr */

/** A softmax loss that keeps, for each user, a moving average of log(1 + n·e^value): the remaining loss, which is above 0. @implements {Loss} */
export class RecordedLoss {
  name = 'recorded';
  /** @type {Record<string, number>} */
  parameters = {};
  allowsDotScores = true;
  #loss;
  /** [users] 0: not seen yet */
  remaining;

  /** @param {Loss} loss @param {number} users */
  constructor(loss, users) {
    this.#loss = loss;
    this.remaining = new Float64Array(users);
  }

  /** @type {Loss['evaluate']} */
  evaluate(scores, gradients, context) {
    const value = this.#loss.evaluate(scores, gradients, context);
    const now = Math.log1p(scores.negatives.length * Math.exp(value));
    const before = this.remaining[context.user];
    this.remaining[context.user] = before === 0 ? now : before + 0.5 * (now - before);
    return value;
  }
}

/** Part of the users that an epoch visits. */
const VISITED = 0.5;

/**
 * User batches of an epoch that visits a user with a probability in proportion to the remaining loss, half of the users in the mean; the first epoch visits all.
 * `weighted`: row weights are divided by the relative probability, so that the expected gradient stays that of an epoch over all users.
 */
export class LossSampler {
  #train;
  #seed;
  #recorded;
  #weighted;
  #pool;
  #users;
  #weights;
  #rows;
  #epoch = 0;
  #order = new Int32Array(0);
  /** [users] factor of the row weight */
  #factors;
  capacity;

  /** @param {Csr} train @param {{ rows: number, negatives: number }} options @param {number} seed @param {RecordedLoss} recorded @param {boolean} weighted */
  constructor(train, { rows, negatives }, seed, recorded, weighted) {
    this.#train = train;
    this.#seed = seed;
    this.#recorded = recorded;
    this.#weighted = weighted;
    this.#rows = rows;
    const options = { ...samplerDefaults, rows, negatives, pool: /** @type {const} */ ('uniform'), sampler: undefined };
    this.capacity = new UserBatchSampler(train, options, seed, train).capacity;
    this.#pool = createPool({ train, options, rows, positives: this.capacity.positives, seed });
    this.#factors = new Float64Array(train.rows);
    this.#users = Array.from({ length: train.rows }, (_, u) => u).filter((u) => csrDegree(train, u) > 0);
    this.#weights = relativeRowWeights(train, 'count').map((weight) => weight / rows);
  }

  get stepsPerEpoch() {
    return Math.ceil(this.#order.length / this.#rows) || Math.ceil(this.#users.length / this.#rows);
  }

  /** @param {number} epoch */
  startEpoch(epoch) {
    this.#epoch = epoch;
    const { remaining } = this.#recorded;
    const random = randomStream(this.#seed, 'by-loss', epoch);
    const mean = this.#users.reduce((sum, u) => sum + remaining[u], 0) / this.#users.length;
    /** @type {number[]} */
    const visited = [];
    for (const user of this.#users) {
      const chance = mean === 0 ? 1 : Math.min(1, (VISITED * remaining[user]) / mean);
      if (random.real() >= chance) continue;
      visited.push(user);
      this.#factors[user] = this.#weighted && mean > 0 ? VISITED / chance : 1;
    }
    this.#order = shuffle(Int32Array.from(visited), random);
  }

  /** @param {number} step */
  batch(step) {
    const { offsets, indices } = this.#train;
    const users = this.#order.subarray(step * this.#rows, (step + 1) * this.#rows);
    const positiveOffsets = new Int32Array(users.length + 1);
    for (const [r, user] of users.entries()) positiveOffsets[r + 1] = positiveOffsets[r] + csrDegree(this.#train, user);
    const positives = new Int32Array(positiveOffsets[users.length]);
    for (const [r, user] of users.entries())
      positives.set(indices.subarray(offsets[user], offsets[user + 1]), positiveOffsets[r]);
    const negatives = this.#pool.draw({ users, positives }, randomStream(this.#seed, 'pool', this.#epoch, step));
    // Every built-in pool keeps positions.
    const positions = /** @type {import('../../dist/sampler/item-positions.js').ItemPositions} */ (
      this.#pool.positions
    );
    const maskOffsets = new Int32Array(users.length + 1);
    /** @type {number[]} */
    const masked = [];
    for (let r = 0; r < users.length; r++) {
      for (let e = positiveOffsets[r]; e < positiveOffsets[r + 1]; e++) {
        const position = positions.of(positives[e]);
        if (position >= 0) masked.push(position);
      }
      maskOffsets[r + 1] = masked.length;
    }
    return {
      shared: true,
      users,
      rowWeights: Float32Array.from(users, (user) => this.#weights[user] * this.#factors[user]),
      positiveOffsets,
      positives,
      negatives,
      negativesPerRow: negatives.length,
      maskOffsets,
      masked: Int32Array.from(masked),
    };
  }
}
