import { type Matrix, row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';
import type { ApproximateIndex } from './approximate-index.ts';
import type { ItemFilter } from './item-filter.ts';
import { type Query, type RankedItem, rankLists } from './list-ranker.ts';
import { biasedScore, inverseNorm, scoreOf } from './vectors.ts';

/** One request for lists. */
export interface ListRequest {
  readonly k: number;
  readonly filter: ItemFilter;
  /** In [0, 1]. */
  readonly diversity: number;
  /** In [0, 1]. */
  readonly discover: number;
}

/** Ranks a model's items for embeddings: by score, moved by the popularity dial, chosen for diversity. Tables for the dials are built at their first use. */
export class ItemRanker {
  readonly #engine: Engine;
  readonly #model: DiscoveryModel;
  readonly #index?: ApproximateIndex;
  #discovery?: DiscoveryBias;
  #diversity?: MarginalRelevance;

  /**
   * @param engine holds the embeddings.
   * @param index where present, ranks what it can: see `OpenOptions`.
   */
  constructor(engine: Engine, model: DiscoveryModel, index?: ApproximateIndex) {
    this.#engine = engine;
    this.#model = model;
    this.#index = index;
  }

  /** The list of each query, in the order of the request; scores are the model's. */
  rank(queries: readonly Query[], request: ListRequest): RankedItem[][] {
    const { k, filter, diversity } = request;
    const bias = this.biasOf(request.discover);
    const count = diversity > 0 ? candidateCount(k) : k;
    const ranked = this.#ranked(queries, count, filter, bias);
    const lists = diversity > 0 ? ranked.map((list) => this.#diversified(list, k, diversity)) : ranked;
    return bias === this.#model.itemBias ? lists : lists.map((list, q) => this.#scored(queries[q]!, list));
  }

  /** [items] what is added to scores with the popularity dial at `discover`; absent: nothing. */
  biasOf(discover: number): Float32Array | undefined {
    if (discover === 0) return this.#model.itemBias;
    this.#discovery ??= new DiscoveryBias(this.#engine, this.#model);
    return this.#discovery.biasOf(discover);
  }

  /** By the index where there is one, no allow-list and no popularity dial; queries that it declines, and all others, exactly. */
  #ranked(queries: readonly Query[], k: number, filter: ItemFilter, bias?: Float32Array): RankedItem[][] {
    const index = filter.allowed || bias !== this.#model.itemBias ? undefined : this.#index;
    const found = queries.map((query) => index?.best(this.#engine, query, k, filter.excluded));
    const others = queries.filter((_, q) => !found[q]);
    const exact = rankLists(this.#engine, this.#model.score, others, k, filter, bias).values();
    return found.map((list) => list ?? exact.next().value!);
  }

  #diversified(candidates: readonly RankedItem[], k: number, diversity: number): RankedItem[] {
    this.#diversity ??= new MarginalRelevance(this.#engine.items);
    return this.#diversity.pick(candidates, k, diversity);
  }

  /** The list with the model's scores in place of those that it was ranked by. */
  #scored({ embedding }: Query, list: readonly RankedItem[]): RankedItem[] {
    const { score, itemBias } = this.#model;
    return list.map(({ item }) => {
      const plain = scoreOf(score, embedding, row(this.#engine.items, item));
      return { item, score: biasedScore(plain, itemBias?.[item]) };
    });
  }
}

/** What a sample of scores is made of. */
const SAMPLE_USERS = 64;
const SAMPLE_ITEMS = 2048;
/** Values of the dial whose biases are kept; one of a million items is 4 MB. */
const KEPT = 8;
/** Steps of the dial from 0 to 1. */
const STEPS = 100;

/** What the dial needs to know of a model. */
interface DiscoveryModel {
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

/** The most candidates that are compared with one another, and so the most places that are filled by comparing. */
const MOST = 1000;

/** How many of the best candidates a list of `k` items is chosen from: max(5k, 100), at most 1000, at least k. */
export function candidateCount(k: number): number {
  return Math.max(k, Math.min(Math.max(5 * k, 100), MOST));
}

/**
 * Chooses lists that do not say the same thing twice, by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): of the candidates it takes, one place after another, the one with the largest
 *
 *     (1 − δ) · r_i − δ · max over items j already taken of cos(v_i, v_j)
 *
 * r_i is the candidate's score moved to [0, 1]: 1 for the best candidate, 0 for the last, in proportion between. Scores of a model have any scale (cosines of .6 to .7, inner products of 3 to 12), and only their
 * differences within the pool order the list; similarities of items that one person may like mostly lie in [0, 1] too. So one δ means about the same for every model. The first place is always the best
 * candidate's; ties go to the candidate that ranked before.
 *
 * Cost: candidates × k × d. Where k is above 1000 only the first 1000 candidates change places; the rest follow as they ranked.
 */
export class MarginalRelevance {
  readonly #items: Matrix;
  /** Directions of the candidates, a row each; kept from call to call. */
  #directions = new Float64Array(0);
  readonly #relevance = new Float64Array(MOST);
  /** The largest cosine with an item that was taken; −Infinity: none yet. */
  readonly #nearest = new Float64Array(MOST);
  readonly #taken = new Uint8Array(MOST);

  /** @param items [items × d] embeddings that similarity is measured by. */
  constructor(items: Matrix) {
    this.#items = items;
  }

  /**
   * Fills `k` places, or as many as there are candidates.
   * @param candidates best first.
   * @param diversity δ in [0, 1].
   */
  pick(candidates: readonly RankedItem[], k: number, diversity: number): RankedItem[] {
    const count = Math.min(candidates.length, MOST);
    const places = Math.min(k, count);
    this.#gather(candidates, count);
    const list: RankedItem[] = [];
    for (let last = -1; list.length < places; ) {
      if (last >= 0) this.#approach(last, count);
      last = this.#best(count, diversity);
      this.#taken[last] = 1;
      list.push(candidates[last]!);
    }
    for (let c = count; c < candidates.length && list.length < k; c++) list.push(candidates[c]!);
    return list;
  }

  #gather(candidates: readonly RankedItem[], count: number): void {
    const d = this.#items.columns;
    if (this.#directions.length < count * d) this.#directions = new Float64Array(count * d);
    const best = candidates[0]?.score ?? 0;
    const range = best - (candidates[count - 1]?.score ?? 0);
    for (let c = 0; c < count; c++) {
      const { item, score } = candidates[c]!;
      const values = row(this.#items, item);
      const scale = inverseNorm(values);
      for (let x = 0, at = c * d; x < d; x++) this.#directions[at++] = values[x]! * scale;
      this.#relevance[c] = range > 0 ? 1 - (best - score) / range : 1;
    }
    this.#nearest.fill(-Infinity, 0, count);
    this.#taken.fill(0, 0, count);
  }

  /** Takes candidate `last` into account in what the others are nearest to. */
  #approach(last: number, count: number): void {
    const d = this.#items.columns;
    const directions = this.#directions;
    for (let c = 0; c < count; c++) {
      if (this.#taken[c]) continue;
      let cosine = 0;
      for (let x = 0, at = c * d, own = last * d; x < d; x++) cosine += directions[own++]! * directions[at++]!;
      if (cosine > this.#nearest[c]!) this.#nearest[c] = cosine;
    }
  }

  #best(count: number, diversity: number): number {
    let best = -1;
    let most = -Infinity;
    for (let c = 0; c < count; c++) {
      if (this.#taken[c]) continue;
      const nearest = this.#nearest[c]!;
      const value = (1 - diversity) * this.#relevance[c]! - (nearest === -Infinity ? 0 : diversity * nearest);
      if (best >= 0 && value <= most) continue;
      best = c;
      most = value;
    }
    return best;
  }
}
