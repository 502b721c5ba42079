import { type Matrix, matrix, row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import { sharedFloat32 } from '../array/shared.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ColdItemsSource } from './cold-items-source.ts';
import { FEATURES, itemFeatures, quantilesOf } from './item-features.ts';
import { leaveOneOutErrors, type Regression, ridge } from './ridge.ts';
import { topLevels } from './top-levels.ts';

/** Interactions with which an item's own embedding and the predicted one count the same (docs/decisions/054-cold-items.md). An item with fewer is new. */
export const FEW = 10;

/** The values of λ that are tried, and the most items that they are tried on: an inverse of 512 × 512 for each. */
const LAMBDAS = [0.3, 1, 3, 10, 30, 100];
const SAMPLE = 512;

/** The least share of the embeddings' variance that attributes must explain: less is nothing. */
const LEAST_EXPLAINED = 0.01;

/** Part of the neighbour term of listed items that an item without neighbours is given (docs/decisions/054-cold-items.md). */
const NEIGHBOR_PART = 0.75;

/**
 * What attributes and titles tell about embeddings: a ridge regression from features of the items (`itemFeatures`) to their embeddings (directions where the score is a cosine), and to their biases where there are any.
 */
export interface ColdItems {
  /** Quantiles of the numbers and times, by attribute. */
  readonly quantiles: ReadonlyMap<string, Float64Array>;
  /** [n] features with coefficients, ascending. */
  readonly features: Int32Array;
  /** [n × t] by rows: t is d, or d + 1 with biases. */
  readonly coefficients: Float32Array;
  /** [t] the weighted mean of the targets. */
  readonly means: Float32Array;
  /** λ of the regression. */
  readonly lambda: number;
  /** The share of the variance of embeddings that the attributes explain, by leave-one-out cross-validation. */
  readonly explained: number;
  /** The mean of the embedding part of the scores at the top of lists: what an uncertain direction costs. 0 for inner products. */
  readonly level: number;
  /** Added to the score of an item that nobody has, which has no neighbours: .75 of the mean neighbour term at the top of lists. */
  readonly offset: number;
}

/** What is wrong with numbers that come from a file; undefined when nothing is. */
export function coldItemsProblem(cold: ColdItems, dimension: number, biased: boolean): string | undefined {
  const { features, coefficients, means, level, offset, quantiles } = cold;
  const width = dimension + (biased ? 1 : 0);
  if (means.length !== width) return `targets of cold items: ${means.length}, expected ${width}`;
  const wrong = features.findIndex((feature, at) => feature >= FEATURES || feature <= (features[at - 1] ?? -1));
  if (wrong >= 0)
    return `feature ${wrong} of cold items: ${features[wrong]}, expected ascending numbers below ${FEATURES}`;
  const numbers = [coefficients, means, Float64Array.of(level, offset), ...quantiles.values()];
  if (!numbers.every((list) => list.every(Number.isFinite))) return 'cold items: a number that is not finite';
  return undefined;
}

/**
 * The part of its own embedding in that of an item which n users have: n² / (n² + 10²). The rest is the prediction. In the regression an item has this weight.
 */
export function ownPart(n: number): number {
  return n ** 2 / (n ** 2 + FEW ** 2);
}

/**
 * Computes the regression, in closed form, with λ by leave-one-out cross-validation on up to 512 items. The same model gives the same numbers.
 * @returns undefined where attributes and titles explain less than 1% of the embeddings' variance, or no item has interactions
 */
export function fitColdItems(source: ColdItemsSource): ColdItems | undefined {
  const { catalogue, popularity } = source;
  const weights = Float64Array.from(popularity, ownPart);
  const total = weights.reduce((a, b) => a + b, 0);
  if (!(total > 0)) return undefined;
  const quantiles = quantilesOf(catalogue);
  const features = itemFeatures(catalogue, quantiles, 0, catalogue.items);
  if (features.indices.length === 0) return undefined;
  const { targets, means } = centred(targetsOf(source), weights, total);
  const problem = { features, targets, weights };
  const sample = sampled(problem);
  const errors = leaveOneOutErrors(sample, LAMBDAS);
  const best = errors.indexOf(Math.min(...errors));
  const explained = 1 - errors[best]! / varianceOf(sample);
  if (!(explained >= LEAST_EXPLAINED)) return undefined;
  const lambda = LAMBDAS[best]!;
  const fit = ridge(problem, lambda);
  const { embedding, neighbor } = topLevels(source);
  return {
    quantiles,
    features: fit.features,
    coefficients: Float32Array.from(fit.values),
    means: Float32Array.from(means),
    lambda,
    explained,
    level: source.score === 'cosine' ? embedding : 0,
    offset: NEIGHBOR_PART * neighbor,
  };
}

/** Embeddings and biases as they are predicted from attributes, for rows of a catalogue. */
export interface Predicted {
  /** [rows, d] */
  readonly items: Matrix;
  /** [rows] the bias of an item that nobody has. */
  readonly bias: Float32Array;
  /** [rows] its part b̂, which is in proportion to the popularity prior. */
  readonly prior: Float32Array;
  /** [rows] 1 for an item with an attribute or a title. */
  readonly described: Uint8Array;
}

/**
 * Predicts the rows from `from` to `to` of a catalogue. The bias of an item is
 *
 *     b̂ + offset − (1 − ‖v̂‖)·level
 *
 * with b̂ the predicted bias, 0 in a model without biases. An engine takes the cosine with a predicted direction v̂, whose length tells how certain it is; the expected cosine is shorter by this length.
 */
export function predictItems(
  { quantiles, features, coefficients, means, level, offset }: ColdItems,
  dimension: number,
  catalogue: Catalogue,
  from: number,
  to: number,
): Predicted {
  const x = itemFeatures(catalogue, quantiles, from, to);
  const width = means.length;
  const placeOf = new Int32Array(x.columns).fill(-1);
  features.forEach((feature, at) => {
    placeOf[feature] = at;
  });
  const items = matrix(to - from, dimension, sharedFloat32((to - from) * dimension));
  const bias = new Float32Array(to - from);
  const prior = new Float32Array(to - from);
  const described = new Uint8Array(to - from);
  const sums = new Float64Array(width);
  for (let r = 0; r < x.rows; r++) {
    described[r] = x.offsets[r + 1]! > x.offsets[r]! ? 1 : 0;
    sums.set(means);
    for (let e = x.offsets[r]!; e < x.offsets[r + 1]!; e++) {
      const at = placeOf[x.indices[e]!]!;
      if (at < 0) continue;
      const value = x.values![e]!;
      for (let t = 0; t < width; t++) sums[t]! += value * coefficients[at * width + t]!;
    }
    const direction = sums.subarray(0, dimension);
    row(items, r).set(direction);
    const certainty = Math.min(1, Math.hypot(...direction));
    const predicted = width > dimension ? sums[dimension]! : 0;
    prior[r] = predicted;
    bias[r] = predicted + offset - (1 - certainty) * level;
  }
  return { items, bias, prior, described };
}

/**
 * The item embeddings of a model with those of items that few users have shrunk towards their predictions: a·v + (1 − a)·v̂ with a = `ownPart(n)`. Where the score is a cosine, v is taken as a direction and keeps its length. An item
 * without any attribute or title keeps its own.
 */
export function shrunkItems(cold: ColdItems, source: ColdItemsSource): Matrix {
  const { items, catalogue, popularity, score } = source;
  const { items: predicted, described } = predictItems(cold, items.columns, catalogue, 0, catalogue.items);
  const shrunk = matrix(items.rows, items.columns, sharedFloat32(items.rows * items.columns));
  for (let i = 0; i < items.rows; i++) {
    const own = row(items, i);
    const to = row(shrunk, i);
    to.set(own);
    const a = ownPart(popularity[i]!);
    if (!described[i]) continue;
    const length = score === 'cosine' ? Math.hypot(...own) || 1 : 1;
    for (let c = 0; c < own.length; c++) to[c] = a * own[c]! + (1 - a) * length * row(predicted, i)[c]!;
  }
  return shrunk;
}

/** [I × t] by rows: embeddings, or their directions, and the biases. */
function targetsOf({ items, itemBias, score }: ColdItemsSource): Float64Array {
  const width = items.columns + (itemBias ? 1 : 0);
  const targets = new Float64Array(items.rows * width);
  for (let i = 0; i < items.rows; i++) {
    const own = row(items, i);
    const length = score === 'cosine' ? Math.hypot(...own) : 1;
    if (length > 0) for (let c = 0; c < own.length; c++) targets[i * width + c] = own[c]! / length;
    if (itemBias) targets[i * width + own.length] = itemBias[i]!;
  }
  return targets;
}

/** Targets without their weighted means, and the means. */
function centred(targets: Float64Array, weights: Float64Array, total: number) {
  const width = targets.length / weights.length;
  const means = new Float64Array(width);
  for (let e = 0; e < targets.length; e++) means[e % width]! += (weights[Math.floor(e / width)]! * targets[e]!) / total;
  return { targets: targets.map((y, e) => y - means[e % width]!), means };
}

/** Up to `SAMPLE` rows of a regression, drawn once for all; without those of weight 0. */
function sampled({ features, targets, weights }: Regression): Regression {
  const random = randomStream(1, 'cold-items');
  const width = targets.length / weights.length;
  const kept: number[] = [];
  // Each row gets a number, and those with the least numbers are kept: a uniform sample.
  const numbers = weights.map((weight) => (weight > 0 ? random.real() : 2));
  const order = Array.from(weights.keys()).sort((a, b) => numbers[a]! - numbers[b]!);
  for (const r of order) if (weights[r]! > 0 && kept.length < SAMPLE) kept.push(r);
  kept.sort((a, b) => a - b);
  const entries = kept.map((r) => [features.offsets[r]!, features.offsets[r + 1]!] as const);
  const offsets = new Int32Array(kept.length + 1);
  entries.forEach(([from, to], at) => {
    offsets[at + 1] = offsets[at]! + to - from;
  });
  const indices = new Int32Array(offsets[kept.length]!);
  const values = new Float32Array(indices.length);
  entries.forEach(([from, to], at) => {
    indices.set(features.indices.subarray(from, to), offsets[at]!);
    values.set(features.values!.subarray(from, to), offsets[at]!);
  });
  const picked = new Float64Array(kept.length * width);
  kept.forEach((r, at) => {
    picked.set(targets.subarray(r * width, (r + 1) * width), at * width);
  });
  return {
    features: { rows: kept.length, columns: features.columns, offsets, indices, values },
    targets: picked,
    weights: Float64Array.from(kept, (r) => weights[r]!),
  };
}

/** Σ ω‖y‖² / Σ ω about the weighted mean of the rows. */
function varianceOf({ targets, weights }: Regression): number {
  const total = weights.reduce((a, b) => a + b, 0);
  const width = targets.length / weights.length;
  const { targets: around } = centred(targets, weights, total);
  return around.reduce((sum, y, e) => sum + weights[Math.floor(e / width)]! * y * y, 0) / total;
}
