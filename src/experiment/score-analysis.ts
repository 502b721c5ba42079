// Analyses the scores of a trained model: their variance, the worst-case weights of the negatives, the robust radius, and the temperature these predict.
import { type Csr, csrDegree, csrRow } from '../array/csr.ts';
import { row } from '../array/matrix.ts';
import { randomStream, shuffle } from '../array/random.ts';
import { TaurecError } from '../errors.ts';
import { logExpectationExp } from '../loss/log-expectation-exp.ts';
import { type Model, trainedItems } from '../model/model.ts';
import { inverseNorm, inverseNorms } from '../recommender/vectors.ts';

/** Statistics of a trained model's scores, in relation to its temperature τ: means over a sample of users. */
export interface ScoreAnalysis {
  /** Number of users in the sample. */
  readonly users: number;
  /** τ of the negative side at which the weights below were computed. */
  readonly tau: number;
  /** Mean and variance of a user's scores of negatives: all items except the training positives. */
  readonly negativeMean: number;
  readonly negativeVariance: number;
  /** Mean and variance of a user's scores of training positives. */
  readonly positiveMean: number;
  readonly positiveVariance: number;
  /** Effective sample size 1/Σp² of the worst-case weights p_j ∝ exp(s_uj/τ), as a fraction of the negatives, in (0, 1]. */
  readonly effectiveShare: number;
  /** The robust radius η = KL(p‖uniform) that corresponds to τ. */
  readonly radius: number;
  /** sqrt(Var/(2η)): the temperature for this radius by the second-order approximation, `predictTau(analysis, radius)`. Equals τ if η is 0. */
  readonly predictedTau: number;
  /** Quantiles of n·p_j (1 = uniform) over all negatives of all sampled users: the distribution of the worst-case weights. */
  readonly weightQuantiles: readonly WeightQuantile[];
}

/** Temperature and sample of a score analysis. */
export interface ScoreAnalysisOptions {
  /** The temperature of the negative side, > 0 or Infinity. */
  readonly tau: number;
  /** Number of users to sample, ≥ 1, among users with both positives and negatives; all of them if there are fewer. Default 1000. */
  readonly users?: number;
  /** Seed of the sample. Default 1. */
  readonly seed?: number;
}

/** Dense at the top, where the worst-case weights concentrate. */
const quantiles = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];

/**
 * Analyses the scores of all items (cosine or inner product, without item biases) for a sample of users. Positives are the items a user was trained on,
 * negatives are all others. All negatives have equal base weight, as in a loss over all items. Mean, population variance, effective share and radius are
 * computed per user and averaged over users. Cost: users × items × dimension multiplications.
 * @throws TaurecError `bad-option`, also when no user has both a positive and a negative
 */
export function analyseScores(model: Model, { tau, users = 1000, seed = 1 }: ScoreAnalysisOptions): ScoreAnalysis {
  if (!(tau > 0))
    throw new TaurecError('bad-option', { option: 'tau', got: tau, expected: 'a number > 0 or Infinity' });
  if (!Number.isSafeInteger(users) || users < 1)
    throw new TaurecError('bad-option', { option: 'users', got: users, expected: 'a whole number ≥ 1' });
  const trained = trainedItems(model);
  const sample = sampledUsers(trained, users, seed);
  const quantilesOfWeights = new WeightQuantiles(trained.columns);
  const sums = {
    negativeMean: 0,
    negativeVariance: 0,
    positiveMean: 0,
    positiveVariance: 0,
    effectiveShare: 0,
    radius: 0,
  };
  // Buffers of the longest possible length, reused for every user.
  const negatives = new Float64Array(trained.columns);
  const logWeights = new Float64Array(trained.columns);
  scoreUsers(model, sample, (user, scores) => {
    const items = csrRow(trained, user);
    const positives = Float64Array.from(items, (item) => scores[item]!);
    const n = without(scores, items, negatives);
    const worst = worstCaseWeights(negatives.subarray(0, n), tau, logWeights.subarray(0, n));
    quantilesOfWeights.add(logWeights.subarray(0, n));
    sums.negativeMean += worst.mean;
    sums.negativeVariance += worst.variance;
    sums.effectiveShare += worst.effectiveShare;
    sums.radius += worst.radius;
    const mean = meanOf(positives);
    sums.positiveMean += mean;
    sums.positiveVariance += meanOf(positives.map((s) => (s - mean) ** 2));
  });
  const means = Object.fromEntries(
    Object.entries(sums).map(([name, sum]) => [name, sum / sample.length]),
  ) as typeof sums;
  return {
    users: sample.length,
    tau,
    ...means,
    predictedTau: means.radius > 0 ? predictTau(means, means.radius) : tau,
    weightQuantiles: quantiles.map((quantile) => quantilesOfWeights.at(quantile)),
  };
}

/**
 * The temperature for a given robust radius: τ = sqrt(Var/(2η)), where Var is the mean over users of the variance of the negatives' scores. To second order
 * in 1/τ the radius of a user is η_u = Var_u/(2τ²). All users share τ, so the mean radius is Var/(2τ²), which is solved for τ here.
 *
 * Use it to predict τ: take Var from a model trained at any reference temperature, and η from elsewhere, such as the radius at the best τ of another data
 * set or noise ratio. Two limits: a model trained at the new τ has a different variance (SL penalises it by Var/(2τ)), and where scores differ by more than
 * a few τ the second order overstates the radius, which never exceeds log n.
 *
 * @param radius η > 0.
 * @throws TaurecError `bad-option`
 */
export function predictTau({ negativeVariance }: Pick<ScoreAnalysis, 'negativeVariance'>, radius: number): number {
  if (!(radius > 0)) throw new TaurecError('bad-option', { option: 'radius', got: radius, expected: 'a number > 0' });
  return Math.sqrt(negativeVariance / (2 * radius));
}

/** A random sample of the users with both a positive and a negative, ascending. */
function sampledUsers(trained: Csr, count: number, seed: number): Int32Array {
  const eligible = Int32Array.from({ length: trained.rows }, (_, user) => user).filter((user) => {
    const degree = csrDegree(trained, user);
    return degree > 0 && degree < trained.columns;
  });
  if (eligible.length === 0) {
    const expected = 'a model with a user who has both training items and other items';
    throw new TaurecError('bad-option', { option: 'model', got: 'none', expected });
  }
  if (count >= eligible.length) return eligible;
  return shuffle(eligible, randomStream(seed, 'score-analysis')).slice(0, count).sort();
}

/** Copies the scores of all items except `items` (ascending) to `out`; returns their number. */
function without(scores: Float64Array, items: Int32Array, out: Float64Array): number {
  let end = 0;
  let from = 0;
  for (const item of items) {
    out.set(scores.subarray(from, item), end);
    end += item - from;
    from = item + 1;
  }
  out.set(scores.subarray(from), end);
  return end + scores.length - from;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Number of users scored in one pass over the items. Each item embedding is read once per tile. */
const TILE = 4;

/**
 * Calls `visit` with each user's scores of all items, in the order of `users`: the model's cosine or inner product, in double precision, without item biases.
 * @param visit Its array [items] is overwritten by later users.
 */
function scoreUsers(model: Model, users: Int32Array, visit: (user: number, scores: Float64Array) => void): void {
  const cosine = model.config.score === 'cosine';
  const scale = cosine ? inverseNorms(model.items) : new Float64Array(model.items.rows).fill(1);
  const scores = Array.from({ length: TILE }, () => new Float64Array(model.items.rows));
  for (let first = 0; first < users.length; first += TILE) {
    // An incomplete last tile is filled up with repetitions of its last user, which are scored but not visited.
    const tile = Array.from({ length: TILE }, (_, t) => users[Math.min(first + t, users.length - 1)]!);
    const queries = tile.map((user) => {
      const embedding = row(model.users, user);
      const inverse = cosine ? inverseNorm(embedding) : 1;
      return Float64Array.from(embedding, (x) => x * inverse);
    });
    scoreTile(model, scale, queries, scores);
    for (let t = 0; t < TILE && first + t < users.length; t++) visit(tile[t]!, scores[t]!);
  }
}

/** Scores `TILE` users. Their four sums are independent, so the processor overlaps the additions. */
function scoreTile(
  { items }: Model,
  scale: Float64Array,
  queries: readonly Float64Array[],
  scores: readonly Float64Array[],
): void {
  const [a, b, c, d] = queries as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [ofA, ofB, ofC, ofD] = scores as [Float64Array, Float64Array, Float64Array, Float64Array];
  const { data, stride, columns, rows } = items;
  for (let item = 0; item < rows; item++) {
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let k = 0, at = item * stride; k < columns; k++, at++) {
      const x = data[at]!;
      sumA += x * a[k]!;
      sumB += x * b[k]!;
      sumC += x * c[k]!;
      sumD += x * d[k]!;
    }
    const by = scale[item]!;
    ofA[item] = sumA * by;
    ofB[item] = sumB * by;
    ofC[item] = sumC * by;
    ofD[item] = sumD * by;
  }
}

/** Histogram bins per unit of y = log(n·p). */
const BINS = 4096;
/** Weights below e^−37 ≈ 1e-16 count as 0. */
const LOWEST = -37;

/** A weight n·p_j, and the fraction of all weights that do not exceed it. */
export interface WeightQuantile {
  readonly quantile: number;
  readonly weight: number;
}

/** Quantiles of any number of worst-case weights n·p_j in fixed memory, from a histogram of their logarithms. Relative error: half a bin, 1/8192. */
export class WeightQuantiles {
  readonly #counts: Uint32Array;
  #zeros = 0;
  #total = 0;
  #largest = -Infinity;

  /** @param most Upper bound of the weights: the number of negatives, n·p_j ≤ n. */
  constructor(most: number) {
    // Bins cover y from LOWEST to log(most); two extra for rounding at both ends.
    this.#counts = new Uint32Array((Math.ceil(Math.log(most)) - LOWEST) * BINS + 2);
  }

  /** Adds one user's weights, given as y_j = log(n p_j). */
  add(logWeights: Float64Array): void {
    for (let j = 0; j < logWeights.length; j++) {
      const y = logWeights[j]!;
      if (y > this.#largest) this.#largest = y;
      const bin = Math.round((y - LOWEST) * BINS);
      if (bin > 0) this.#counts[bin]!++;
      else this.#zeros++;
    }
    this.#total += logWeights.length;
  }

  /** The smallest weight that a fraction `quantile` in (0, 1] of all weights do not exceed. For 1, the exact maximum. */
  at(quantile: number): WeightQuantile {
    if (quantile === 1) return { quantile, weight: Math.exp(this.#largest) };
    const needed = quantile * this.#total;
    let seen = this.#zeros;
    if (seen >= needed) return { quantile, weight: 0 };
    let bin = 0;
    while (seen < needed) seen += this.#counts[++bin]!;
    return { quantile, weight: Math.exp(Math.min(this.#largest, bin / BINS + LOWEST)) };
  }
}

/** Statistics of one user's negatives at a temperature. */
export interface WorstCase {
  /** Mean and population variance (divided by n) of the scores, with equal weights. */
  readonly mean: number;
  readonly variance: number;
  /** LEE_τ = τ · log( mean_j exp(s_j/τ) ). */
  readonly logExpectationExp: number;
  /** Effective sample size 1/Σp² divided by n, in (0, 1]: n/Σ(n p_j)². */
  readonly effectiveShare: number;
  /** η = KL(p‖uniform) ≥ 0. */
  readonly radius: number;
}

/**
 * The worst-case weights p_j = exp(s_j/τ) / Σ_k exp(s_k/τ) of n scores with equal base weights, and their statistics.
 *
 * With y_j = log(n p_j) = (s_j − LEE_τ)/τ, the radius is η = mean_j φ(y_j), where φ(y) = y e^y − e^y + 1 ≥ 0. No term is negative, so nothing cancels and η
 * is as exact at 1e-20 as at 1. The textbook form η = (E_p[s] − LEE_τ)/τ is equal, but at large τ rounding destroys it.
 *
 * @param scores [n] finite scores of negatives, n ≥ 1.
 * @param tau > 0; Infinity gives equal weights and η = 0.
 * @param logWeights [n] receives y_j = log(n p_j); 0 means a uniform weight.
 */
export function worstCaseWeights(scores: Float64Array, tau: number, logWeights: Float64Array): WorstCase {
  const n = scores.length;
  // `logWeights` first receives the weights n·p_j; the loop below replaces each by its logarithm after use.
  const lee = logExpectationExp(scores, tau, undefined, logWeights, n);
  let sum = 0;
  for (let j = 0; j < n; j++) sum += scores[j]!;
  const mean = sum / n;
  let squares = 0;
  let divergence = 0;
  let squaredWeights = 0;
  for (let j = 0; j < n; j++) {
    const s = scores[j]!;
    const weight = logWeights[j]!;
    const logWeight = (s - lee) / tau;
    logWeights[j] = logWeight;
    squares += (s - mean) * (s - mean);
    squaredWeights += weight * weight;
    divergence += divergenceTerm(logWeight, weight);
  }
  return {
    mean,
    variance: squares / n,
    logExpectationExp: lee,
    effectiveShare: Math.min(1, n / squaredWeights),
    radius: divergence / n,
  };
}

/** φ(y) = y e^y − e^y + 1 = Σ_{k≥2} y^k (k − 1)/k!, given e^y as `exponential`. Near 0 the closed form cancels, so the series is used there. */
function divergenceTerm(y: number, exponential: number): number {
  if (y > 0.25 || y < -0.25) return exponential * (y - 1) + 1;
  let factor = 0;
  for (let k = series.length - 1; k >= 0; k--) factor = factor * y + series[k]!;
  return factor * y * y;
}

/** (k − 1)/k! for k = 2 … 12. At |y| = 1/4 the truncation error is below 1e-16, relative. */
const series = Float64Array.from({ length: 11 }, (_, at) => {
  let factorial = 1;
  for (let k = 2; k <= at + 2; k++) factorial *= k;
  return (at + 1) / factorial;
});
