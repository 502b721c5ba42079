import { row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';
import { biasedScore, scoreOf } from './vectors.ts';

/** What a sample of scores is made of. */
const SAMPLE_USERS = 64;
const SAMPLE_ITEMS = 2048;
/** Values of the dial whose biases are kept; one of a million items is 4 MB. */
const KEPT = 8;
/** Steps of the dial from 0 to 1. */
const STEPS = 100;

/** What the dial needs to know of a model. */
export interface DiscoveryModel {
  readonly score: ScoreKind;
  readonly itemBias?: Float32Array;
  readonly popularity: Int32Array;
}

/**
 * The popularity dial of requests: lists are ranked by
 *
 *     s_ui + b_i − c(x) · log(1 + n_i),   c(x) = x · σ_s / σ_n
 *
 * s_ui the model's score, b_i its item bias, n_i how many users have the item, x the dial in [0, 1]. σ_s is the standard deviation of s_ui + b_i among the items, for one user (the root of the mean variance of 64 users over 2048 items,
 * drawn once per model from a fixed seed), σ_n that of log(1 + n_i) over all items. So at x = 1 popularity counts against an item as much as the model's whole opinion counts for it, whatever the scale of the scores.
 *
 * Lists are exact over the whole catalogue. For each user the mean log(1 + n) of the k items never rises with x: each list is the best k by f_i − c·p_i, and of two such lists the one for the larger c has the smaller Σp.
 * The dial is taken to the nearest hundredth. Where all items are equally popular, and in a model without users, it does nothing.
 */
export class DiscoveryBias {
  readonly #engine: Engine;
  readonly #model: DiscoveryModel;
  #unit?: number;
  #logPopularity?: Float32Array;
  /** By step of the dial, the one used last at the end. */
  readonly #kept = new Map<number, Float32Array>();

  constructor(engine: Engine, model: DiscoveryModel) {
    this.#engine = engine;
    this.#model = model;
  }

  /** [items] what is added to the items' scores at `discover`; at 0 the model's own biases, if it has any. */
  biasOf(discover: number): Float32Array | undefined {
    const step = Math.round(discover * STEPS);
    if (step === 0) return this.#model.itemBias;
    const bias = this.#kept.get(step) ?? this.#make(step / STEPS);
    this.#kept.delete(step);
    this.#kept.set(step, bias);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return bias;
  }

  /** c(1): what one e-fold of popularity costs, in the units of the scores, with the dial at 1. */
  get unit(): number {
    this.#unit ??= this.#measure();
    return this.#unit;
  }

  #make(discover: number): Float32Array {
    const c = discover * this.unit;
    const { itemBias } = this.#model;
    return this.#logs().map((log, i) => (itemBias?.[i] ?? 0) - c * log);
  }

  #logs(): Float32Array {
    this.#logPopularity ??= Float32Array.from(this.#model.popularity, (n) => Math.log1p(n));
    return this.#logPopularity;
  }

  #measure(): number {
    const spread = Math.sqrt(variance(this.#logs()));
    return spread > 0 ? Math.sqrt(this.#scoreVariance()) / spread : 0;
  }

  /** The mean over sampled users of the variance of their scores over sampled items. */
  #scoreVariance(): number {
    const { users, items } = this.#engine;
    const random = randomStream(1, 'discovery');
    const sampledUsers = sample(users.rows, SAMPLE_USERS, random.integer);
    const sampledItems = sample(items.rows, SAMPLE_ITEMS, random.integer);
    const { score, itemBias } = this.#model;
    const variances = Array.from(sampledUsers, (user) => {
      const embedding = row(users, user);
      const scores = sampledItems.map((i) => biasedScore(scoreOf(score, embedding, row(items, i)), itemBias?.[i]));
      return variance(scores);
    });
    return variances.reduce((a, b) => a + b, 0) / Math.max(1, variances.length);
  }
}

/** `count` of the numbers below `size`, all of them where there are no more; some may come twice. */
function sample(size: number, count: number, integer: (bound: number) => number): number[] {
  return Array.from({ length: Math.min(size, count) }, (_, i) => (size <= count ? i : integer(size)));
}

function variance(values: ArrayLike<number>): number {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i]! / values.length;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2;
  return sum / Math.max(1, values.length);
}
