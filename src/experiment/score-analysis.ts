import { type Csr, csrDegree, csrRow } from '../array/csr.ts';
import { row } from '../array/matrix.ts';
import { randomStream, shuffle } from '../array/random.ts';
import { TaurecError } from '../errors.ts';
import { logExpectationExp } from '../loss/log-expectation-exp.ts';
import { type Model, trainedItems } from '../model/model.ts';
import { inverseNorm, inverseNorms } from '../recommender/vectors.ts';

/** What a trained model's scores say about its temperature; means over a sample of users. */
export interface ScoreAnalysis {
  /** Users looked at. */
  readonly users: number;
  /** τ of the negative side that the quantities below were computed at. */
  readonly tau: number;
  /** Mean and variance of a user's scores of items outside the training positives. */
  readonly negativeMean: number;
  readonly negativeVariance: number;
  /** The same of the training positives. */
  readonly positiveMean: number;
  readonly positiveVariance: number;
  /** Worst-case weights p_j ∝ exp(s_uj/τ): 1/Σp² as a part of the negatives, in (0, 1]. */
  readonly effectiveShare: number;
  /** KL(p‖uniform): the robust radius η that τ buys. */
  readonly radius: number;
  /** sqrt(Var/(2η)): the temperature that the second order of the loss matches with the radius, `predictTau(analysis, radius)`. τ itself where η is 0. */
  readonly predictedTau: number;
  /** Quantiles of n·p_j (1 = uniform) over all looked-at negatives: the distribution of the worst-case weights. */
  readonly weightQuantiles: readonly WeightQuantile[];
}

/** What scores are analysed, and at which temperature. */
export interface ScoreAnalysisOptions {
  /** The temperature of the negative side, > 0 or Infinity. */
  readonly tau: number;
  /** Number of users to sample, of those with a training item and at least one other item; all when there are fewer. Default 1000. */
  readonly users?: number;
  /** Of the draw. Default 1. */
  readonly seed?: number;
}

const quantiles = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];

/**
 * Looks at the scores (cosine or inner product; without item biases) of all items for a sample of users. Positives are the items that a user was trained on, negatives all others, and each
 * negative counts alike, as a loss over all items sees them. Mean, variance (divided by the count), share and radius are computed for each user and averaged over the users.
 * Cost: users × items × dimension.
 * @throws bad-option, also when no user has both a positive and a negative.
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
 * The temperature that buys a robust radius: sqrt(Var/(2η)), Var the mean over users of the variance of the negatives' scores. To second order in 1/τ a user's radius is η_u = Var_u/(2τ²); its
 * mean over users, which share τ, is Var/(2τ²), solved for τ here.
 *
 * It is a prediction when η comes from elsewhere: Var from one model, trained at any reference temperature, and the radius that is wanted, such as that of the best τ on another data set or at
 * another noise ratio, give the τ to train at. It takes the scores as they are, while a model trained at the new τ has another variance (SL punishes it by Var/(2τ)); and where scores differ by
 * more than a few τ the second order overstates the radius, which never exceeds log n.
 *
 * @param radius η > 0.
 * @throws bad-option
 */
export function predictTau({ negativeVariance }: Pick<ScoreAnalysis, 'negativeVariance'>, radius: number): number {
  if (!(radius > 0)) throw new TaurecError('bad-option', { option: 'radius', got: radius, expected: 'a number > 0' });
  return Math.sqrt(negativeVariance / (2 * radius));
}

/** Users with a positive and a negative, ascending. */
function sampledUsers(trained: Csr, count: number, seed: number): Int32Array {
  const eligible = Int32Array.from({ length: trained.rows }, (_, user) => user).filter((user) => {
    const degree = csrDegree(trained, user);
    return degree > 0 && degree < trained.columns;
  });
  if (eligible.length === 0) {
    const expected = 'a user with an item that was trained on and one that was not';
    throw new TaurecError('bad-option', { option: 'model', got: 'none', expected });
  }
  if (count >= eligible.length) return eligible;
  return shuffle(eligible, randomStream(seed, 'score-analysis')).slice(0, count).sort();
}

/** Copies the scores of all items but the listed (ascending) to `out`; how many there are. */
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

/** Users scored in one pass over the items: an embedding is read once for all of them. */
const TILE = 4;

/**
 * Gives each listed user's scores of all items to `visit`, in the order of `users`: cosine or inner product as the model has it, in double precision and without the items' biases.
 * @param visit its array [items] is written anew for the users that come next.
 */
function scoreUsers(model: Model, users: Int32Array, visit: (user: number, scores: Float64Array) => void): void {
  const cosine = model.config.score === 'cosine';
  const scale = cosine ? inverseNorms(model.items) : new Float64Array(model.items.rows).fill(1);
  const scores = Array.from({ length: TILE }, () => new Float64Array(model.items.rows));
  for (let first = 0; first < users.length; first += TILE) {
    // A tile that is not full has its last user more than once.
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

/** Four users at a time, each with its own sum, so that the additions run in parallel. */
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

/** Bins for each unit of y = log n·p. */
const BINS = 4096;
/** Weights below e^−37 ≈ 1e-16 count as 0. */
const LOWEST = -37;

/** A weight n·p_j and the part of all weights that are not above it. */
export interface WeightQuantile {
  readonly quantile: number;
  readonly weight: number;
}

/** Quantiles of any number of worst-case weights n·p_j in fixed memory: a histogram of their logarithms, to a relative 1/8192. */
export class WeightQuantiles {
  readonly #counts: Uint32Array;
  #zeros = 0;
  #total = 0;
  #largest = -Infinity;

  /** @param most No weight is above it: the number of negatives. */
  constructor(most: number) {
    this.#counts = new Uint32Array((Math.ceil(Math.log(most)) - LOWEST) * BINS + 2);
  }

  /** Takes one user's weights, as y_j = log(n p_j). */
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

  /** The smallest weight n·p that the part `quantile` of all weights, in (0, 1], do not exceed; for 1 the largest, exactly. */
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

/** What a temperature makes of one user's negatives. */
export interface WorstCase {
  /** Mean and variance (divided by n) of the scores, all alike. */
  readonly mean: number;
  readonly variance: number;
  /** LEE_τ = τ · log( mean_j exp(s_j/τ) ). */
  readonly logExpectationExp: number;
  /** 1/Σp² as a part of n, in (0, 1]: n/Σ(n p_j)². */
  readonly effectiveShare: number;
  /** η = KL(p‖uniform) ≥ 0. */
  readonly radius: number;
}

/**
 * The worst-case weights p_j = exp(s_j/τ) / Σ_k exp(s_k/τ) of scores that count alike, and what is to be said of them.
 *
 * With y_j = log(n p_j) = (s_j − LEE_τ)/τ the radius is η = mean_j φ(y_j), φ(y) = y e^y − e^y + 1 ≥ 0: no term cancels another, so η is as exact at 1e-20 as at 1
 * (η = (E_p[s] − LEE_τ)/τ, the same number, is lost in rounding at large τ).
 *
 * @param scores of n ≥ 1 negatives, finite.
 * @param tau > 0 or Infinity: all weights alike, η = 0.
 * @param logWeights receives y_j = log(n p_j), 0 for a weight that is as large as a uniform one; as long as `scores`.
 */
export function worstCaseWeights(scores: Float64Array, tau: number, logWeights: Float64Array): WorstCase {
  const n = scores.length;
  // holds the weights n·p_j until the loop below has used them
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

/** φ(y) = y e^y − e^y + 1 = Σ_{k≥2} y^k (k − 1)/k!, where `exponential` is e^y. */
function divergenceTerm(y: number, exponential: number): number {
  if (y > 0.25 || y < -0.25) return exponential * (y - 1) + 1;
  let factor = 0;
  for (let k = series.length - 1; k >= 0; k--) factor = factor * y + series[k]!;
  return factor * y * y;
}

/** (k − 1)/k! for k = 2 … 12: the remainder at |y| = 1/4 is below 1e-16 of the whole. */
const series = Float64Array.from({ length: 11 }, (_, at) => {
  let factorial = 1;
  for (let k = 2; k <= at + 2; k++) factorial *= k;
  return (at + 1) / factorial;
});
