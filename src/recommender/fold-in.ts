import { rowFrom } from '../array/half-matrix.ts';
import { randomStream } from '../array/random.ts';
import type { PersonProblem, RankingEngine, ScoreKind } from '../engine/engine.ts';
import type { Loss } from '../loss/loss.ts';
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

/** Items that represent the catalogue in the loss. */
interface Pool {
  readonly items: Int32Array;
  /** Item `items[p]` counts as `weights[p]` items; absent: as 1. */
  readonly weights?: Float32Array;
}

/**
 * Finds the embedding of a user who was not in training: the minimum of the model's own loss for this one user, with the items fixed.
 *
 *     u* = argmin over ‖u‖ = ρ of loss( s(u, liked items; weights), s(u, other items) )
 *
 * Only the direction of u affects a ranking, so its length ρ is fixed: 1 for cosines, half the users' mean length for inner products. The method is gradient descent on the
 * sphere, from the mean direction of the liked items, with Barzilai–Borwein steps (Barzilai & Borwein, IMA J. Numer. Anal. 1988) under a non-monotone
 * Armijo rule (Grippo, Lampariello & Lucidi, SIAM J. Numer. Anal. 1986). The engine evaluates the loss (`Engine.personLoss`).
 *
 * A loss with states gets their initial values: a model does not contain the states that the loss learned in training.
 *
 * A large catalogue is sampled in two stages. A uniform sample leads close to the minimum. There the highest-scoring items, which dominate a softmax loss,
 * enter individually, and the sample represents the rest (stratified sampling). The samples are seeded: the same items always give the same embedding.
 */
export class FoldIn {
  readonly #engine: RankingEngine;
  readonly #score: ScoreKind;
  readonly #loss: Loss;
  readonly #length: number;
  /** ρ: the length of u at which the loss is evaluated. */
  readonly #radius: number;
  readonly #steps: number;
  readonly #negatives: number;
  readonly #seed: number;
  /** Uniform samples by the number of negatives; made on first use. */
  readonly #samples = new Map<number, Int32Array>();

  /**
   * @param engine holds the item embeddings
   * @param score what the loss was trained on
   * @param length the length of the embeddings returned: 1 for a model that ranks by cosines, the users' mean length for inner products
   */
  constructor(engine: RankingEngine, score: ScoreKind, loss: Loss, length: number, options: FoldInOptions = {}) {
    const { steps = 7, negatives = 2048, seed = 1 } = options;
    this.#engine = engine;
    this.#score = score;
    this.#loss = loss;
    this.#length = length;
    this.#radius = score === 'dot' ? SHORTER * length : 1;
    this.#steps = steps;
    this.#negatives = negatives;
    this.#seed = seed;
  }

  /** The embedding [d] of a user who likes the items `liked` (distinct, at least one), with a weight for each (default 1). */
  embedding(liked: Int32Array, weights?: Float32Array): Float32Array {
    return finished(this.embeddingInSteps(liked, weights));
  }

  /** As `embedding`; yields after each evaluation of the loss, so that a caller may do other work in between. */
  *embeddingInSteps(liked: Int32Array, weights?: Float32Array): Generator<void, Float32Array> {
    const { rows } = this.#engine.items;
    const negatives = this.#negativesFor(liked.length);
    let at = this.#start(liked, weights);
    if (negatives < rows) {
      const sample = this.#sampleOf(negatives);
      // A third of the steps to come near the minimum, where the highest-scoring items are known; then all steps on the better pool.
      at = yield* descend(at, this.#objective(sample, liked, weights), Math.ceil(this.#steps / 3));
      at = yield* descend(at, this.#objective(this.#poolNear(at, sample), liked, weights), this.#steps);
    } else {
      at = yield* descend(at, this.#objective(this.#sampleOf(2 * rows), liked, weights), this.#steps);
    }
    return Float32Array.from(at, (x) => x * this.#length);
  }

  /** The largest number of negatives of a person who likes `liked` items. */
  #negativesFor(liked: number): number {
    if (!this.#loss.needs?.pairs) return this.#negatives;
    // A power of two, so that few samples are kept.
    const affordable = 2 ** Math.floor(Math.log2(MOST_PAIRS / liked));
    return Math.min(this.#negatives, Math.max(FEWEST_NEGATIVES, affordable));
  }

  /** The uniform sample for a number of negatives: half as many, since `#poolNear` adds as many of the highest-scoring items. All items for twice their number. */
  #sampleOf(negatives: number): Pool {
    let items = this.#samples.get(negatives);
    if (!items) {
      items = sampleItems(this.#engine.items.rows, Math.ceil(negatives / 2), this.#seed);
      this.#samples.set(negatives, items);
    }
    return { items };
  }

  /** The items that score highest at `at`, nearly as many as the sample has, with weight 1 each; and the sample without them, whose weights add up to the number of all other items. */
  #poolNear(at: Float64Array, sample: Pool): Pool {
    const best = this.#engine.front(at, sample.items.length);
    const taken = new Set(best);
    const others = sample.items.filter((item) => !taken.has(item));
    const items = new Int32Array(best.length + others.length);
    items.set(best);
    items.set(others, best.length);
    const weights = new Float32Array(items.length);
    weights.fill(1, 0, best.length);
    weights.fill((this.#engine.items.rows - best.length) / others.length, best.length);
    return { items, weights };
  }

  /** The weighted mean direction of the liked items. */
  #start(liked: Int32Array, weights?: Float32Array): Float64Array {
    const mean = new Float64Array(this.#engine.items.columns);
    liked.forEach((item, p) => {
      const values = rowFrom(this.#engine.items, item);
      const scale = inverseNorm(values) * (weights?.[p] ?? 1);
      for (let c = 0; c < mean.length; c++) mean[c]! += scale * values[c]!;
    });
    // Directions may cancel out, or all be zero: then start at any unit vector.
    if (inverseNorm(mean) === 0) mean[0] = 1;
    return onSphere(mean);
  }

  /** The loss of one user as a function of a unit vector, with its gradient along the sphere. */
  #objective(pool: Pool, liked: Int32Array, positiveWeights?: Float32Array): Objective {
    // A liked item is not a negative.
    const own = new Set(liked);
    const negatives = pool.items.slice();
    const negativeWeights = pool.weights?.slice();
    let n = 0;
    for (let p = 0; p < negatives.length; p++) {
      if (own.has(negatives[p]!)) continue;
      negatives[n] = negatives[p]!;
      if (negativeWeights) negativeWeights[n] = negativeWeights[p]!;
      n++;
    }
    const problem: PersonProblem = {
      loss: this.#loss,
      score: this.#score,
      positives: liked,
      positiveWeights,
      negatives: negatives.subarray(0, n),
      negativeWeights: negativeWeights?.subarray(0, n),
    };
    const user = new Float64Array(this.#engine.items.columns);
    return (at: Float64Array, gradient: Float64Array): number => {
      for (let c = 0; c < at.length; c++) user[c] = this.#radius * at[c]!;
      const value = this.#engine.personLoss(problem, user, gradient);
      // Project the gradient onto the tangent plane: subtract its component along u.
      const along = dot(gradient, at);
      for (let c = 0; c < at.length; c++) gradient[c] = this.#radius * (gradient[c]! - along * at[c]!);
      return value;
    };
  }
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

/** A uniform sample of `count` distinct items of 0 … `items` − 1, ascending. */
function sampleItems(items: number, count: number, seed: number): Int32Array {
  if (count === items) return Int32Array.from({ length: items }, (_, i) => i);
  const random = randomStream(seed, 'fold-in');
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.integer(items));
  return Int32Array.from(drawn).sort();
}
