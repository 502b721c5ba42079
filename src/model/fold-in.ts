import { type Matrix, row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { ScoreKind } from '../engine/engine.ts';
import { logExpectationExp } from '../loss/log-expectation-exp.ts';
import type { Loss } from '../loss/loss.ts';
import { dot, inverseNorm } from './vectors.ts';

export interface FoldInOptions {
  /** Gradient steps at most; default 30. */
  readonly steps?: number;
  /** Items that stand for the catalogue in the loss, drawn once by the seed; default 2048. All items when there are no more. */
  readonly negatives?: number;
  readonly seed?: number;
}

/**
 * Finds the embedding of a person who was not in training: the minimum of the model's own loss for one user, items fixed.
 *
 *     u* = argmin over ‖u‖ = ρ of loss( s(u, liked items; weights), s(u, sampled items) )
 *
 * Only the direction of u matters to a ranking, so its length ρ is held: 1 for cosines, the users' mean length for inner products. Gradient descent on the
 * sphere from the mean of the liked items' directions, with Barzilai–Borwein steps (Barzilai & Borwein, IMA J. Numer. Anal. 1988) under a non-monotone
 * Armijo rule (Grippo, Lampariello & Lucidi, SIAM J. Numer. Anal. 1986). One objective, seeded sample: the same items always give the same embedding.
 */
export class FoldIn {
  readonly #items: Matrix;
  readonly #score: ScoreKind;
  readonly #loss: Loss;
  readonly #length: number;
  readonly #steps: number;
  readonly #pool: Int32Array;
  readonly #poolRows: Float64Array;

  /** @param length ρ, the length of the embeddings it makes. */
  constructor(items: Matrix, score: ScoreKind, loss: Loss, length: number, options: FoldInOptions = {}) {
    this.#items = items;
    this.#score = score;
    this.#loss = loss;
    this.#length = length;
    this.#steps = options.steps ?? 30;
    this.#pool = sampleItems(items.rows, options.negatives ?? 2048, options.seed ?? 1);
    this.#poolRows = this.#rowsOf(this.#pool);
  }

  /** The embedding of a person who likes `liked` (distinct items, at least one), with a weight each (default 1). */
  embedding(liked: Int32Array, weights?: Float32Array): Float32Array {
    const objective = this.#objective(liked, weights);
    const d = this.#items.columns;
    let at = this.#start(liked, weights);
    let gradient = new Float64Array(d);
    let value = objective(at, gradient);
    const recent = [value];
    let rate = 0.1 / Math.max(Math.sqrt(dot(gradient, gradient)), 1e-12);
    for (let step = 0; step < this.#steps; step++) {
      const slope = dot(gradient, gradient);
      if (slope < 1e-10 * (1 + value * value)) break;
      const next = { at, gradient: new Float64Array(d), value };
      const bound = Math.max(...recent);
      for (let halvings = 0; halvings < 20; halvings++, rate *= 0.25) {
        next.at = onSphere(at.map((x, c) => x - rate * gradient[c]!));
        next.value = objective(next.at, next.gradient);
        if (next.value <= bound - 1e-4 * rate * slope) break;
      }
      if (!(next.value <= bound)) break;
      rate = secantRate(at, gradient, next.at, next.gradient, rate);
      at = next.at;
      gradient = next.gradient;
      value = next.value;
      recent.push(value);
      if (recent.length > 5) recent.shift();
    }
    return Float32Array.from(at, (x) => x * this.#length);
  }

  /** The mean direction of the liked items. */
  #start(liked: Int32Array, weights?: Float32Array): Float64Array {
    const mean = new Float64Array(this.#items.columns);
    liked.forEach((item, p) => {
      const values = row(this.#items, item);
      const scale = inverseNorm(values) * (weights?.[p] ?? 1);
      for (let c = 0; c < mean.length; c++) mean[c]! += scale * values[c]!;
    });
    if (inverseNorm(mean) === 0) mean[0] = 1;
    return onSphere(mean);
  }

  /** The loss at a unit vector, and its gradient along the sphere. */
  #objective(liked: Int32Array, positiveWeights?: Float32Array) {
    const d = this.#items.columns;
    const own = new Set(liked);
    const likedRows = this.#rowsOf(liked);
    const negativeWeights = Float64Array.from(this.#pool, (item) => (own.has(item) ? 0 : 1));
    const scores = { positives: new Float64Array(liked.length), negatives: new Float64Array(this.#pool.length) };
    const gradients = { positives: new Float64Array(liked.length), negatives: new Float64Array(this.#pool.length) };
    const weighted = {
      ...scores,
      negativeWeights,
      positiveWeights: positiveWeights && Float64Array.from(positiveWeights),
    };
    const context = { user: -1, positiveItems: liked, poolItems: this.#pool, logExpectationExp };
    return (at: Float64Array, gradient: Float64Array): number => {
      products(likedRows, at, this.#length, scores.positives);
      products(this.#poolRows, at, this.#length, scores.negatives);
      const value = this.#loss.evaluate(weighted, gradients, context);
      gradient.fill(0);
      addRows(likedRows, gradients.positives, this.#length, gradient);
      addRows(this.#poolRows, gradients.negatives, this.#length, gradient);
      const along = dot(gradient, at);
      for (let c = 0; c < d; c++) gradient[c]! -= along * at[c]!;
      return value;
    };
  }

  /** Rows of the items as they are scored: of length 1 for cosines. */
  #rowsOf(items: Int32Array): Float64Array {
    const d = this.#items.columns;
    const rows = new Float64Array(items.length * d);
    items.forEach((item, p) => {
      const values = row(this.#items, item);
      const scale = this.#score === 'cosine' ? inverseNorm(values) : 1;
      for (let c = 0; c < d; c++) rows[p * d + c] = scale * values[c]!;
    });
    return rows;
  }
}

/** out_p = scale · ⟨row p, x⟩. */
function products(rows: Float64Array, x: Float64Array, scale: number, out: Float64Array): void {
  for (let p = 0, at = 0; p < out.length; p++) {
    let sum = 0;
    for (let c = 0; c < x.length; c++) sum += rows[at++]! * x[c]!;
    out[p] = scale * sum;
  }
}

/** x += scale · Σ_p factor_p · row p. */
function addRows(rows: Float64Array, factors: Float64Array, scale: number, x: Float64Array): void {
  for (let p = 0; p < factors.length; p++) {
    const factor = scale * factors[p]!;
    if (factor === 0) continue;
    for (let c = 0, at = p * x.length; c < x.length; c++) x[c]! += factor * rows[at++]!;
  }
}

/** |⟨s, s⟩/⟨s, y⟩| with s the last move and y the change of the gradient; where that says nothing, twice the last rate. */
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

function onSphere(x: Float64Array): Float64Array {
  const scale = inverseNorm(x);
  return x.map((value) => value * scale);
}

/** `count` distinct items of `items`, ascending; all of them when `count` is no less. */
function sampleItems(items: number, count: number, seed: number): Int32Array {
  if (count >= items) return Int32Array.from({ length: items }, (_, i) => i);
  const random = randomStream(seed, 'fold-in');
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.integer(items));
  return Int32Array.from(drawn).sort();
}
