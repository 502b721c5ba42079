import { type Csr, csrDegree, csrRow } from '../../array/csr.ts';
import { randomStream, shuffle } from '../../array/random.ts';
import { TaurecError } from '../../errors.ts';
import { type Model, trainedItems } from '../../model/model.ts';
import { scoreUsers } from './score-users.ts';
import { type WeightQuantile, WeightQuantiles } from './weight-quantiles.ts';
import { worstCaseWeights } from './worst-case-weights.ts';

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
  /** How many users to look at, drawn of those with a training item and an item besides; all when there are no more. Default 1000. */
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
