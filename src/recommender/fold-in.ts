import { matrix, row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Engine, ItemProducts, ScoreKind } from '../engine/engine.ts';
import { logExpectationExp } from '../loss/log-expectation-exp.ts';
import type { Loss, RowContext } from '../loss/loss.ts';
import { initialStates } from '../loss/loss-needs.ts';
import { finished } from './in-steps.ts';
import { dot, inverseNorm } from './vectors.ts';

/**
 * The length of u during the minimisation for inner products, as a fraction of the users' mean length. Training does not run each user to the minimum of their loss, fold-in does;
 * the shorter vector compensates for this. On movielens-100k (bce and bpr, d = 32) half the length reached .88–1.06 of the trained users' NDCG@20, the full length .83–.96.
 */
const SHORTER = 0.5;

/** The most pairs of a liked item and a negative in an evaluation of a loss that compares all pairs, and the fewest negatives. They bound the cost of a fold-in, which otherwise grows with their product. */
const MOST_PAIRS = 2 ** 18;
const FEWEST_NEGATIVES = 256;

/** Limits of the minimisation. */
export interface FoldInOptions {
  /** The largest number of gradient steps; default 7. More steps come closer to the minimum of the loss, but not to better lists. */
  readonly steps?: number;
  /** The largest number of items that represent the catalogue in the loss; default 2048. A catalogue with no more items is used as a whole. */
  readonly negatives?: number;
  /** Seed of the sample of items; default 1. */
  readonly seed?: number;
}

/** Items that represent the catalogue in the loss; item `items[p]` counts as `weights[p]` items. */
interface Pool {
  readonly items: Int32Array;
  /** [items] 1/‖item‖ for cosines, otherwise 1. */
  readonly scales: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Finds the embedding of a user who was not in training: the minimum of the model's own loss for this one user, with the items fixed.
 *
 *     u* = argmin over ‖u‖ = ρ of loss( s(u, liked items; weights), s(u, other items) )
 *
 * Only the direction of u affects a ranking, so its length ρ is fixed: 1 for cosines, half the users' mean length for inner products. The method is gradient descent on the
 * sphere, from the mean direction of the liked items, with Barzilai–Borwein steps (Barzilai & Borwein, IMA J. Numer. Anal. 1988) under a non-monotone
 * Armijo rule (Grippo, Lampariello & Lucidi, SIAM J. Numer. Anal. 1986).
 *
 * A loss with states gets their initial values: a model does not contain the states that the loss learned in training.
 *
 * A large catalogue is sampled in two stages. A uniform sample leads close to the minimum. There the highest-scoring items, which dominate a softmax loss,
 * enter individually, and the sample represents the rest (stratified sampling). The samples are seeded: the same items always give the same embedding.
 */
export class FoldIn {
  readonly #engine: Engine;
  readonly #score: ScoreKind;
  readonly #loss: Loss;
  readonly #length: number;
  /** ρ: the length of u at which the loss is evaluated. */
  readonly #radius: number;
  readonly #steps: number;
  readonly #negatives: number;
  readonly #seed: number;
  /** Pools by the number of negatives, made on first use. */
  readonly #pools = new Map<number, Pool>();
  readonly #products: ItemProducts;
  /** [items] 1/‖item‖ for cosines, otherwise 1; 0: not computed yet. */
  readonly #scales: Float64Array;

  /**
   * @param engine holds the item embeddings
   * @param score what the loss was trained on
   * @param length the length of the embeddings returned: 1 for a model that ranks by cosines, the users' mean length for inner products
   */
  constructor(engine: Engine, score: ScoreKind, loss: Loss, length: number, options: FoldInOptions = {}) {
    const { steps = 7, negatives = 2048, seed = 1 } = options;
    this.#engine = engine;
    this.#score = score;
    this.#loss = loss;
    this.#length = length;
    this.#radius = score === 'dot' ? SHORTER * length : 1;
    this.#steps = steps;
    this.#products = engine.products ?? plainProducts(engine);
    this.#scales = new Float64Array(engine.items.rows);
    this.#negatives = negatives;
    this.#seed = seed;
  }

  /** The embedding [d] of a user who likes the items `liked` (distinct, at least one), with a weight for each (default 1). */
  embedding(liked: Int32Array, weights?: Float32Array): Float32Array {
    return finished(this.embeddingInSteps(liked, weights));
  }

  /** As `embedding`; yields after each evaluation of the loss, so that a caller may do other work in between. */
  *embeddingInSteps(liked: Int32Array, weights?: Float32Array): Generator<void, Float32Array> {
    const pool = this.#poolFor(liked.length);
    let at = this.#start(liked, weights);
    if (pool.items.length < this.#engine.items.rows) {
      // A third of the steps to come near the minimum, where the highest-scoring items are known; then all steps on the better pool.
      at = yield* descend(at, this.#objective(pool, liked, weights), Math.ceil(this.#steps / 3));
      at = yield* descend(at, this.#objective(this.#poolNear(at, pool), liked, weights), this.#steps);
    } else {
      at = yield* descend(at, this.#objective(pool, liked, weights), this.#steps);
    }
    return Float32Array.from(at, (x) => x * this.#length);
  }

  /** The uniform sample for a number of liked items: half of the negatives, since `#poolNear` adds as many of the highest-scoring items; the whole catalogue where it is no larger. */
  #poolFor(liked: number): Pool {
    const catalogue = this.#engine.items.rows;
    // A power of two, so that few pools are kept.
    const affordable = 2 ** Math.floor(Math.log2(MOST_PAIRS / liked));
    const negatives = this.#loss.needs?.pairs
      ? Math.min(this.#negatives, Math.max(FEWEST_NEGATIVES, affordable))
      : this.#negatives;
    let pool = this.#pools.get(negatives);
    if (!pool) {
      const items = sampleItems(catalogue, negatives >= catalogue ? catalogue : Math.ceil(negatives / 2), this.#seed);
      pool = { items, scales: this.#scalesOf(items), weights: new Float64Array(items.length).fill(1) };
      this.#pools.set(negatives, pool);
    }
    return pool;
  }

  /** The k items that score highest at `at`, with weight 1 each, and the sample without them, whose weights add up to the number of all other items. */
  #poolNear(at: Float64Array, sample: Pool): Pool {
    const k = sample.items.length;
    const best = this.#engine.rank({ queries: matrix(1, at.length, Float32Array.from(at)), k }).items;
    const taken = new Set(best);
    const others = sample.items.filter((item) => !taken.has(item));
    const weight = (this.#engine.items.rows - k) / others.length;
    const items = Int32Array.of(...best, ...others);
    return { items, scales: this.#scalesOf(items), weights: Float64Array.from(items, (_, p) => (p < k ? 1 : weight)) };
  }

  /** The weighted mean direction of the liked items. */
  #start(liked: Int32Array, weights?: Float32Array): Float64Array {
    const mean = new Float64Array(this.#engine.items.columns);
    liked.forEach((item, p) => {
      const values = row(this.#engine.items, item);
      const scale = inverseNorm(values) * (weights?.[p] ?? 1);
      for (let c = 0; c < mean.length; c++) mean[c]! += scale * values[c]!;
    });
    // Directions may cancel out, or all be zero: then start at any unit vector.
    if (inverseNorm(mean) === 0) mean[0] = 1;
    return onSphere(mean);
  }

  /** The loss of one user as a function of a unit vector, with its gradient along the sphere. */
  #objective(pool: Pool, liked: Int32Array, likedWeights?: Float32Array): Objective {
    const own = new Set(liked);
    // One list of both, so that an evaluation calls the engine twice: once for all scores, once for the gradient.
    const listed = new Int32Array(liked.length + pool.items.length);
    listed.set(liked);
    listed.set(pool.items, liked.length);
    const scales = new Float64Array(listed.length);
    scales.set(this.#scalesOf(liked));
    scales.set(pool.scales, liked.length);
    for (let p = 0; p < scales.length; p++) scales[p]! *= this.#radius;
    const scored = new Float64Array(listed.length);
    const factors = new Float64Array(listed.length);
    const parts = (values: Float64Array) => ({
      positives: values.subarray(0, liked.length),
      negatives: values.subarray(liked.length),
    });
    const scores = {
      ...parts(scored),
      positiveWeights: likedWeights && Float64Array.from(likedWeights),
      // A liked item is not a negative: its weight in the pool is 0.
      negativeWeights: pool.weights.map((weight, p) => (own.has(pool.items[p]!) ? 0 : weight)),
    };
    const gradients = parts(factors);
    const itemSimilarity = this.#loss.needs?.itemSimilarity ? this.#similarity(liked, pool.items) : undefined;
    const context = {
      // No user of the model.
      user: -1,
      positiveItems: liked,
      poolItems: pool.items,
      logExpectationExp,
      itemSimilarity,
      states: initialStates(this.#loss, pool.items.length),
    };
    return (at: Float64Array, gradient: Float64Array): number => {
      this.#products.dots(listed, at, scored);
      multiply(scored, scales);
      const value = this.#loss.evaluate(scores, gradients, context);
      multiply(factors, scales);
      this.#products.sum(listed, factors, gradient);
      // Project the gradient onto the tangent plane: subtract its component along u.
      const along = dot(gradient, at);
      for (let c = 0; c < at.length; c++) gradient[c]! -= along * at[c]!;
      return value;
    };
  }

  /** A function of a liked item's position that returns its cosines with all items of the pool. */
  #similarity(liked: Int32Array, poolItems: Int32Array): RowContext['itemSimilarity'] {
    const { items } = this.#engine;
    const lengths = Float64Array.from(poolItems, (item) => inverseNorm(row(items, item)));
    const cosines = new Float64Array(poolItems.length);
    return (positive) => {
      const own = row(items, liked[positive]!);
      const scale = inverseNorm(own);
      this.#products.dots(
        poolItems,
        Float64Array.from(own, (x) => x * scale),
        cosines,
      );
      multiply(cosines, lengths);
      return cosines;
    };
  }

  /** [items] the factors that turn embeddings into the vectors that are scored. */
  #scalesOf(items: Int32Array): Float64Array {
    if (this.#score === 'dot') return new Float64Array(items.length).fill(1);
    return Float64Array.from(items, (item) => {
      if (this.#scales[item] === 0) this.#scales[item] = inverseNorm(row(this.#engine.items, item));
      return this.#scales[item]!;
    });
  }
}

/** The products of an engine that has none: plain TypeScript in double precision. */
function plainProducts({ items }: Engine): ItemProducts {
  return {
    dots(listed, vector, out) {
      listed.forEach((item, p) => {
        out[p] = dot(row(items, item), vector);
      });
    },
    sum(listed, factors, out) {
      out.fill(0);
      listed.forEach((item, p) => {
        const values = row(items, item);
        for (let c = 0; c < out.length; c++) out[c]! += factors[p]! * values[c]!;
      });
    },
  };
}

/** Returns the value at a unit vector, and overwrites `gradient` with the gradient along the sphere. */
type Objective = (at: Float64Array, gradient: Float64Array) => number;

/** Minimises over the unit sphere in at most `steps` steps. The constants are conventional: Armijo slope 1e-4, step cut to a quarter, comparison with the last 5 values. */
function* descend(start: Float64Array, objective: Objective, steps: number): Generator<void, Float64Array> {
  let at = start;
  let gradient = new Float64Array(at.length);
  let value = objective(at, gradient);
  // The last values: a step may rise above the latest, but not above the largest of these.
  const recent = [value];
  // The first step moves by .1 (radians, nearly).
  let rate = 0.1 / Math.max(Math.sqrt(dot(gradient, gradient)), 1e-12);
  for (let step = 0; step < steps; step++) {
    const slope = dot(gradient, gradient);
    // A gradient this small, relative to the value, no longer changes the ranking.
    if (slope < 1e-10 * (1 + value * value)) break;
    const next = { at, gradient: new Float64Array(at.length), value };
    const bound = Math.max(...recent);
    for (let cuts = 0; cuts < 20; cuts++, rate *= 0.25) {
      next.at = onSphere(at.map((x, c) => x - rate * gradient[c]!));
      next.value = objective(next.at, next.gradient);
      yield;
      if (next.value <= bound - 1e-4 * rate * slope) break;
    }
    // No step along the gradient is acceptable (or the value is NaN): stay.
    if (!(next.value <= bound)) break;
    rate = secantRate(at, gradient, next.at, next.gradient, rate);
    ({ at, gradient, value } = next);
    recent.push(value);
    if (recent.length > 5) recent.shift();
  }
  return at;
}

/** values_p *= scales_p. */
function multiply(values: Float64Array, scales: Float64Array): void {
  for (let p = 0; p < values.length; p++) values[p]! *= scales[p]!;
}

/** The Barzilai–Borwein step ⟨s, s⟩/⟨s, y⟩, where s is the last move and y the change of the gradient; twice the last step where ⟨s, y⟩ is not positive. */
function secantRate(
  a: Float64Array,
  gradientA: Float64Array,
  b: Float64Array,
  gradientB: Float64Array,
  last: number,
): number {
  let ss = 0;
  let sy = 0;
  for (let c = 0; c < a.length; c++) {
    const s = b[c]! - a[c]!;
    ss += s * s;
    sy += s * (gradientB[c]! - gradientA[c]!);
  }
  return sy > 1e-12 * ss ? ss / sy : 2 * last;
}

/** x scaled to length 1. */
function onSphere(x: Float64Array): Float64Array {
  const scale = inverseNorm(x);
  return x.map((value) => value * scale);
}

/** A uniform sample of `count` distinct items of 0 … `items` − 1, ascending; all of them when `count` ≥ `items`. */
function sampleItems(items: number, count: number, seed: number): Int32Array {
  if (count >= items) return Int32Array.from({ length: items }, (_, i) => i);
  const random = randomStream(seed, 'fold-in');
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.integer(items));
  return Int32Array.from(drawn).sort();
}
