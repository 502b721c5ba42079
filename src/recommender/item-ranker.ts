/** Ranking with the dials of a request: `ItemRanker` combines the scores with a penalty for popular items (`DiscoveryBias`) and re-ranks for diversity (`MarginalRelevance`). */

import { type AnyMatrix, rowFrom } from '../array/half-matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Limits } from '../catalogue/limits.ts';
import type { ItemProducts, RankingEngine } from '../engine/engine.ts';
import type { ApproximateIndex } from './approximate-index.ts';
import { finished } from './in-steps.ts';
import type { ItemFilter } from './item-filter.ts';
import { itemsAbove, type RankedItem, rankLists } from './list-ranker.ts';
import { type Query, QueryScorer, type ScoredModel } from './query-scorer.ts';
import { biasedScore, inverseNorm, scoreOf } from './vectors.ts';

/** The parameters of a request, shared by all of its lists. */
export interface ListRequest {
  /** Items per list. */
  readonly k: number;
  readonly filter: ItemFilter;
  /** δ in [0, 1]: penalty for similar items (`MarginalRelevance`). */
  readonly diversity: number;
  /** x in [0, 1]: penalty for popular items (`DiscoveryBias`). */
  readonly discover: number;
  /** The most items with one value of an attribute; absent: no limits. With `diversity` they hold among the candidates already. */
  readonly limits?: Limits;
}

/** Ranks a model's items for user embeddings: by score minus the popularity penalty, then re-ranked for diversity. The tables for the two dials are built on first use. */
export class ItemRanker {
  readonly #engine: RankingEngine;
  readonly #model: DiscoveryModel;
  readonly #index?: ApproximateIndex;
  #discovery?: DiscoveryBias;
  #diversity?: MarginalRelevance;

  /**
   * @param engine holds the embeddings
   * @param index if given, serves the requests it can (see `OpenOptions`)
   */
  constructor(engine: RankingEngine, model: DiscoveryModel, index?: ApproximateIndex) {
    this.#engine = engine;
    this.#model = model;
    this.#index = index;
  }

  /** The list of each query, best first. The scores are the model's: the dials change the order, not the scores. */
  rank(queries: readonly Query[], request: ListRequest): RankedItem[][] {
    return finished(this.rankInSteps(queries, request));
  }

  /** As `rank`; yields between steps of re-ranking, the dearest part of a list. */
  *rankInSteps(queries: readonly Query[], request: ListRequest): Generator<void, RankedItem[][]> {
    const { k, filter, diversity, limits } = request;
    const bias = this.biasOf(request.discover);
    const count = diversity > 0 ? candidateCount(k) : k;
    const ranked = limits
      ? yield* this.#limited(queries, count, filter, limits, bias)
      : this.#ranked(queries, count, filter, bias);
    const lists: RankedItem[][] = diversity > 0 ? [] : ranked;
    if (diversity > 0) {
      for (const list of ranked) {
        lists.push(yield* this.#relevance().pickInSteps(list, k, diversity));
        yield;
      }
    }
    // With the popularity dial, items were ranked by other numbers than the model's scores: replace them.
    return bias === this.#model.itemBias ? lists : lists.map((list, q) => this.#scored(queries[q]!, list));
  }

  /** The number of items that a list may hold which rank above `item`, before they are re-ranked for diversity. */
  above(query: Query, item: number, { filter, discover }: ListRequest): number {
    return itemsAbove(this.#engine, { ...this.#model, itemBias: this.biasOf(discover) }, query, item, filter);
  }

  /** [items] the biases added to scores with the popularity dial at `discover`; undefined: none. */
  biasOf(discover: number): Float32Array | undefined {
    if (discover === 0) return this.#model.itemBias;
    this.#discovery ??= new DiscoveryBias(this.#engine, this.#model);
    return this.#discovery.biasOf(discover);
  }

  /** The first `k` items of each query that the limits take; ranks longer lists where too few are left. */
  *#limited(
    queries: readonly Query[],
    k: number,
    filter: ItemFilter,
    limits: Limits,
    bias?: Float32Array,
  ): Generator<void, RankedItem[][]> {
    const lists = new Array<RankedItem[]>(queries.length);
    let open = queries.map((_, q) => q);
    const { rows } = this.#engine.items;
    for (let length = 2 * k; open.length > 0; length *= 4) {
      const count = Math.min(length, rows);
      const short: number[] = [];
      const together = Math.max(1, Math.floor(LIMITED_PLACES / count));
      for (let from = 0; from < open.length; from += together) {
        const part = open.slice(from, from + together);
        const ranked = this.#ranked(
          part.map((q) => queries[q]!),
          count,
          filter,
          bias,
        );
        for (const [at, q] of part.entries()) {
          lists[q] = limits.first(ranked[at]!, k);
          // A list shorter than was asked for has all items.
          if (lists[q].length < k && ranked[at]!.length === count && count < rows) short.push(q);
        }
        yield;
      }
      open = short;
    }
    return lists;
  }

  /** Ranks by the index unless there is an allow-list or the popularity dial is on. Queries that the index declines are ranked exactly. */
  #ranked(queries: readonly Query[], k: number, filter: ItemFilter, bias?: Float32Array): RankedItem[][] {
    const index = filter.allowed || bias !== this.#model.itemBias ? undefined : this.#index;
    const found = queries.map((query) => index?.best(this.#engine, query, k, filter, this.#model));
    const others = queries.filter((_, q) => !found[q]);
    // Rank all remaining queries in one call, and merge their lists in order.
    const model = { ...this.#model, itemBias: bias };
    const exact = rankLists(this.#engine, model, others, k, filter).values();
    return found.map((list) => list ?? exact.next().value!);
  }

  #relevance(): MarginalRelevance {
    this.#diversity ??= new MarginalRelevance(this.#engine.items, this.#engine.products);
    return this.#diversity;
  }

  /** The list with the model's scores in place of the numbers it was ranked by. */
  #scored(query: Query, list: readonly RankedItem[]): RankedItem[] {
    const scorer = new QueryScorer(this.#engine.items, this.#model, query);
    return list.map(({ item }) => ({ item, score: scorer.of(item) }));
  }
}

/** Places of lists that are ranked together for limits: they bound the memory. */
const LIMITED_PLACES = 100_000;

/** Users and items in the sample that the spread of scores is estimated from. */
const SAMPLE_USERS = 64;
const SAMPLE_ITEMS = 2048;
/** Dial positions whose biases are cached; for a million items each takes 4 MB. */
const KEPT = 8;
/** Dial positions from 0 to 1. */
const STEPS = 100;

/** The properties of a model that the popularity dial depends on. */
interface DiscoveryModel extends ScoredModel {
  /** [items] the number of users with each item. */
  readonly popularity: Int32Array;
}

/**
 * The popularity dial of requests (`discover`): lists are ranked by
 *
 *     s_ui + b_i − c(x) · log(1 + n_i),   c(x) = x · σ_s / σ_n
 *
 * where s_ui is the model's score, b_i the item's bias, n_i the number of users with the item, and x the dial in [0, 1]. σ_s is the standard deviation of s_ui + b_i over the items for one user (the root of the mean variance of
 * 64 users over 2048 items, drawn once per model with a fixed seed); σ_n is that of log(1 + n_i) over all items. At x = 1 a standard deviation of popularity therefore weighs as much as a standard deviation of the scores, whatever
 * their scale.
 *
 * Lists are exact over the whole catalogue. For each user the mean log(1 + n) of the k items never rises with x: each list is the best k by f_i − c·p_i, and of two such lists the one for the larger c has the smaller Σp.
 * The dial is rounded to the nearest hundredth. It has no effect if all items are equally popular, or if the model has no users.
 */
export class DiscoveryBias {
  readonly #engine: RankingEngine;
  readonly #model: DiscoveryModel;
  #unit?: number;
  #logPopularity?: Float32Array;
  /** Cached biases by dial position (0 … 100), in order of use: a `Map` iterates in order of insertion. */
  readonly #kept = new Map<number, Float32Array>();

  constructor(engine: RankingEngine, model: DiscoveryModel) {
    this.#engine = engine;
    this.#model = model;
  }

  /** [items] the biases added to the scores at `discover`; at 0 the model's own biases, if it has any. */
  biasOf(discover: number): Float32Array | undefined {
    const step = Math.round(discover * STEPS);
    if (step === 0) return this.#model.itemBias;
    const bias = this.#kept.get(step) ?? this.#make(step / STEPS);
    // Move the position to the end, and drop the least recently used one.
    this.#kept.delete(step);
    this.#kept.set(step, bias);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return bias;
  }

  /** c(1) = σ_s / σ_n: the penalty, in units of the scores, for e times the popularity with the dial at 1. */
  get unit(): number {
    this.#unit ??= this.#measure();
    return this.#unit;
  }

  #make(discover: number): Float32Array {
    const c = discover * this.unit;
    const { itemBias } = this.#model;
    return this.#logs().map((log, i) => (itemBias?.[i] ?? 0) - c * log);
  }

  /** [items] log(1 + n_i). */
  #logs(): Float32Array {
    this.#logPopularity ??= Float32Array.from(this.#model.popularity, (n) => Math.log1p(n));
    return this.#logPopularity;
  }

  #measure(): number {
    const spread = Math.sqrt(variance(this.#logs()));
    // All items equally popular: no penalty.
    return spread > 0 ? Math.sqrt(this.#scoreVariance()) / spread : 0;
  }

  /** σ_s²: the variance of a user's scores over the sampled items, averaged over the sampled users. */
  #scoreVariance(): number {
    const { users, items } = this.#engine;
    const random = randomStream(1, 'discovery');
    const sampledUsers = sample(users.rows, SAMPLE_USERS, random.integer);
    const sampledItems = sample(items.rows, SAMPLE_ITEMS, random.integer);
    const { score, itemBias } = this.#model;
    const variances = Array.from(sampledUsers, (user) => {
      const embedding = rowFrom(users, user);
      const scores = sampledItems.map((i) => biasedScore(scoreOf(score, embedding, rowFrom(items, i)), itemBias?.[i]));
      return variance(scores);
    });
    return variances.reduce((a, b) => a + b, 0) / Math.max(1, variances.length);
  }
}

/** `count` random numbers below `size`, possibly with repetitions; all numbers below `size` if there are no more than `count`. */
function sample(size: number, count: number, integer: (bound: number) => number): number[] {
  return Array.from({ length: Math.min(size, count) }, (_, i) => (size <= count ? i : integer(size)));
}

/** The population variance. */
function variance(values: ArrayLike<number>): number {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i]! / values.length;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2;
  return sum / Math.max(1, values.length);
}

/** The most candidates that are compared with one another, and therefore the most places of a list that are re-ranked. */
const MOST = 1000;

/** The number of candidates that a diverse list of `k` items is chosen from: max(5k, 100), at most 1000, at least k. */
export function candidateCount(k: number): number {
  return Math.max(k, Math.min(Math.max(5 * k, 100), MOST));
}

/**
 * Re-ranks a list so that similar items do not crowd it, by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998). It fills one place after another with the candidate i that maximises
 *
 *     (1 − δ) · r_i − δ · max over items j already in the list of cos(v_i, v_j)
 *
 * r_i is the candidate's score, rescaled linearly to [0, 1]: 1 for the best candidate, 0 for the last. Rescaling gives δ about the same meaning for every model: scores may have any scale (cosines of .6 to .7, inner products
 * of 3 to 12), and only their differences within the pool order the list, while similarities of items that one user may like mostly lie in [0, 1] already. The best candidate always takes the first place; ties go to the
 * candidate that ranked higher.
 *
 * Cost: candidates × k × d. If k is above 1000, only the first 1000 candidates change places; the rest follow in their original order.
 */
export class MarginalRelevance {
  readonly #items: AnyMatrix;
  readonly #products: ItemProducts | undefined;

  /**
   * @param items [items × d] the embeddings that similarity is measured on
   * @param products an engine's products with them, in 32-bit arithmetic; absent: double precision
   */
  constructor(items: AnyMatrix, products?: ItemProducts) {
    this.#items = items;
    this.#products = products;
  }

  /**
   * Fills `k` places, or fewer if there are fewer candidates.
   * @param candidates best first
   * @param diversity δ in [0, 1]
   */
  pick(candidates: readonly RankedItem[], k: number, diversity: number): RankedItem[] {
    return finished(this.pickInSteps(candidates, k, diversity));
  }

  /** As `pick`; yields after each `STEP_PRODUCTS` products. */
  *pickInSteps(candidates: readonly RankedItem[], k: number, diversity: number): Generator<void, RankedItem[]> {
    const count = Math.min(candidates.length, MOST);
    const places = Math.min(k, count);
    // Each list has its own buffers: other lists may be re-ranked between two steps.
    const pool = new Candidates(this.#items, this.#products, candidates, count);
    const list: RankedItem[] = [];
    let products = 0;
    for (let last = -1; list.length < places; ) {
      if (last >= 0) pool.approach(last);
      products += pool.size * this.#items.columns;
      last = pool.take(diversity);
      list.push(candidates[last]!);
      if (products < STEP_PRODUCTS) continue;
      products = 0;
      yield;
    }
    for (let c = count; c < candidates.length && list.length < k; c++) list.push(candidates[c]!);
    return list;
  }
}

/** Products between two steps of `pickInSteps`, about half a millisecond. */
const STEP_PRODUCTS = 500_000;

/** The candidates of one list that are not in it yet, best first, with their similarity to the items in it. */
class Candidates {
  readonly #d: number;
  readonly #products: ItemProducts | undefined;
  /** [candidates × d] directions of all candidates. */
  readonly #directions: Float64Array;
  /** [candidates] 1/‖item‖. */
  readonly #scales: Float64Array;
  /** [candidates] r_i. */
  readonly #relevance: Float64Array;
  /** [candidates] the largest cosine with an item already in the list; −Infinity: the list is empty. */
  readonly #nearest: Float64Array;
  /** The candidates that are left, and their items: the first `size`. */
  readonly #left: Int32Array;
  readonly #items: Int32Array;
  readonly #dots: Float64Array;
  size: number;

  constructor(items: AnyMatrix, products: ItemProducts | undefined, candidates: readonly RankedItem[], count: number) {
    const d = items.columns;
    this.size = count;
    this.#d = d;
    this.#products = products;
    this.#directions = new Float64Array(count * d);
    this.#scales = new Float64Array(count);
    this.#relevance = new Float64Array(count);
    this.#nearest = new Float64Array(count).fill(-Infinity);
    this.#left = Int32Array.from({ length: count }, (_, c) => c);
    this.#items = Int32Array.from({ length: count }, (_, c) => candidates[c]!.item);
    this.#dots = new Float64Array(count);
    const best = candidates[0]?.score ?? 0;
    const range = best - (candidates[count - 1]?.score ?? 0);
    for (let c = 0; c < count; c++) {
      const { item, score } = candidates[c]!;
      const values = rowFrom(items, item);
      const scale = inverseNorm(values);
      this.#scales[c] = scale;
      for (let x = 0, at = c * d; x < d; x++) this.#directions[at++] = values[x]! * scale;
      this.#relevance[c] = range > 0 ? 1 - (best - score) / range : 1;
    }
  }

  /** Updates `#nearest` after candidate `last` entered the list: one cosine per remaining candidate, so the maximum over the list is never recomputed. */
  approach(last: number): void {
    const own = this.#directions.subarray(last * this.#d, (last + 1) * this.#d);
    if (this.#products) this.#products.dots(this.#items.subarray(0, this.size), own, this.#dots);
    for (let l = 0; l < this.size; l++) {
      const c = this.#left[l]!;
      const cosine = this.#products ? this.#dots[l]! * this.#scales[c]! : this.#cosine(own, c);
      if (cosine > this.#nearest[c]!) this.#nearest[c] = cosine;
    }
  }

  /** Takes the candidate with the largest value that is not yet in the list; the first of equal ones. */
  take(diversity: number): number {
    let place = -1;
    let most = -Infinity;
    for (let l = 0; l < this.size; l++) {
      const c = this.#left[l]!;
      const nearest = this.#nearest[c]!;
      const value = (1 - diversity) * this.#relevance[c]! - (nearest === -Infinity ? 0 : diversity * nearest);
      if (place >= 0 && value <= most) continue;
      place = l;
      most = value;
    }
    const best = this.#left[place]!;
    this.#left.copyWithin(place, place + 1, this.size);
    this.#items.copyWithin(place, place + 1, this.size);
    this.size--;
    return best;
  }

  #cosine(own: Float64Array, c: number): number {
    const directions = this.#directions;
    let cosine = 0;
    for (let x = 0, at = c * this.#d; x < own.length; x++) cosine += own[x]! * directions[at++]!;
    return cosine;
  }
}
