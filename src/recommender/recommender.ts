import { csrRow } from '../array/csr.ts';
import { type Matrix, row } from '../array/matrix.ts';
import type { IdMap } from '../data/id-map.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { loadLoss } from '../loss/load-loss.ts';
import type { Loss, LossSource } from '../loss/loss.ts';
import { createLoss, lossNames } from '../loss/losses.ts';
import type { Model } from '../model/model.ts';
import { checkOptions } from '../option.ts';
import type { ApproximateIndex } from './approximate-index.ts';
import { FoldIn } from './fold-in.ts';
import { finished } from './in-steps.ts';
import { ascending, itemFilter, union } from './item-filter.ts';
import { ItemRanker, type ListRequest } from './item-ranker.ts';
import type { RankedItem } from './list-ranker.ts';
import { likedBy, neighborsOf } from './model-ranker.ts';
import { PopularItems } from './popular-items.ts';
import { QueryScorer, type ScoredModel } from './query-scorer.ts';
import { loadEmbeddings, openRankingEngine, type RankingEngineOptions } from './ranking-engine.ts';
import {
  type FoldInRequest,
  type Id,
  listSchema,
  type RecommendedItem,
  type RecommendOptions,
  type UserRecommendations,
} from './recommendation.ts';
import { inverseNorms, nearestRows } from './vectors.ts';

/** Options for opening a model to recommend with. */
export interface OpenOptions extends RankingEngineOptions {
  /** The loss to fold new users in with; needed for a model trained with a custom loss, because taurec never loads code that a model names. */
  readonly loss?: LossSource;
  /**
   * The method by which `recommend` and `recommendFor` find items. `exact` (default) scores all items. `approximate` uses the index built by `taurec index` or `buildIndex`, for catalogues of a million items or more; it may miss
   * items (rates: docs/approximate-index.md). Even then some requests are ranked exactly: those with `allow` or `discover`, those whose k (with `diversity`, the number of candidates), `exclude` and seen items add up to more than
   * 1000, and those for which the index finds fewer than k items.
   */
  readonly index?: (typeof indexKinds)[number];
  /** Opens an approximate index that another installation built, without rebuilding it. Such a file can read the memory of the process and end it: trust whoever built it. Default false: it is rebuilt from the embeddings, in memory. */
  readonly trustIndex?: boolean;
  /** Called with a sentence when the approximate index is rebuilt. */
  readonly onNotice?: (message: string) => void;
}

/** The values of `OpenOptions.index`. */
export const indexKinds = ['exact', 'approximate'] as const;

/** Liked items of a new user: distinct indices of the model, and a weight for each (default 1). */
export interface LikedItems {
  readonly items: Int32Array;
  readonly weights?: Float32Array;
}

/** What a user did since the training, as ascending, distinct indices of the model. */
export interface UserFeedback {
  /** Items that lists leave out, unless `includeSeen` is set. */
  readonly hidden?: Int32Array;
  /** Items that the user's neighbour term is computed from too. */
  readonly liked?: Int32Array;
}

/** Users per block of `recommendAll`; the event loop runs between two blocks. */
const ALL_BLOCK = 1024;

/**
 * Recommends with a model: items for known users, items for new users given items they like, similar items and users, scores.
 * All methods are synchronous except `open`, `recommendAll` and `close`. Close it when done, or declare it with `await using`.
 */
export class Recommender {
  readonly #model: Omit<Model, 'users' | 'items'>;
  readonly #engine: Engine;
  #closed = false;
  /** The neighbour term, and the items that users' parts of it are computed from. */
  readonly #neighbors: ReturnType<typeof neighborsOf>;
  readonly #scored: ScoredModel;
  readonly #ranker: ItemRanker;
  readonly #popular: PopularItems;
  #loss?: Loss;
  /** Made at the first new user: it samples the catalogue. */
  #foldIn?: FoldIn;
  /** 1/‖row‖ of the embeddings, computed on first use. */
  #inverse: { users?: Float64Array; items?: Float64Array } = {};

  protected constructor(model: Model, engine: Engine, loss?: Loss, index?: ApproximateIndex) {
    // The engine has its own copy of the embeddings: keep no reference to the model's, so that its memory can be freed.
    const { users: _users, items: _items, ...rest } = model;
    this.#model = rest;
    this.#engine = engine;
    const { itemBias, popularity } = model;
    this.#neighbors = neighborsOf(model);
    this.#scored = { score: model.config.score, itemBias, term: this.#neighbors?.term };
    this.#ranker = new ItemRanker(engine, { ...this.#scored, popularity }, index);
    this.#popular = new PopularItems(popularity);
    this.#loss = loss;
  }

  /**
   * Opens a model folder; in a browser, the address of one.
   * @throws TaurecError the errors of `openModel`; `unknown-name` for an unknown kind of index; with `index: 'approximate'` also `no-index` and `missing-package`
   */
  static async open(directory: string, options: OpenOptions = {}): Promise<Recommender> {
    const { loss, index = 'exact', trustIndex, onNotice, ...engineOptions } = options;
    if (!indexKinds.includes(index)) {
      throw new TaurecError('unknown-name', { kind: 'index', got: index, known: indexKinds });
    }
    const loaded = loss && (await loadLoss(loss));
    // `#open-model` and `#open-index` are import maps of package.json: Node reads files, a browser fetches them.
    const { beginOpening } = await import('#open-model');
    const { model, sound } = await beginOpening(directory);
    const approximate =
      index === 'approximate'
        ? await (await import('#open-index')).openIndex(directory, model, { trustIndex, onNotice })
        : undefined;
    const engine = await openRankingEngine(model, engineOptions);
    try {
      // The digests were computed while the engine started.
      await sound;
    } catch (error) {
      await engine.close();
      throw error;
    }
    return new Recommender(model, engine, loaded, approximate);
  }

  /** Makes a recommender from a model and an engine that was opened with the model's sizes. Copies the embeddings into the engine. */
  static fromModel(model: Model, engine: Engine, loss?: Loss): Recommender {
    loadEmbeddings(model, engine);
    return new Recommender(model, engine, loss);
  }

  /** The facts about the model's training, and its sizes. */
  get config(): Model['config'] {
    return this.#model.config;
  }

  /** The ids of the users, by index in the model. */
  get userIds(): IdMap {
    return this.#model.userIds;
  }

  /** The ids of the items, by index in the model. */
  get itemIds(): IdMap {
    return this.#model.itemIds;
  }

  /** True when the model has titles of items. */
  get hasTitles(): boolean {
    return this.#model.titles !== undefined;
  }

  /**
   * The engine that ranks; it holds the embeddings.
   * @throws TaurecError `recommender-closed` after `close`
   */
  get engine(): Engine {
    if (this.#closed) throw new TaurecError('recommender-closed');
    return this.#engine;
  }

  /**
   * The best items for a user, or for each of several users, best first; ties to the item that comes first in the model.
   * A list has exactly k items if that many remain after filtering.
   * @throws TaurecError `unknown-id` for a user that the model does not know, unless `fallback` is set; `bad-option` for `k` or a dial out of range
   */
  recommend(user: Id, options?: RecommendOptions): RecommendedItem[];
  recommend(users: readonly Id[], options?: RecommendOptions): RecommendedItem[][];
  recommend(users: Id | readonly Id[], options: RecommendOptions = {}): RecommendedItem[] | RecommendedItem[][] {
    if (!Array.isArray(users)) return this.recommend([users as Id], options)[0]!;
    return finished(this.recommendInSteps(users, options));
  }

  /**
   * As `recommend` for several users, for a server: yields between steps of a few milliseconds, so that other requests can be answered in between. `feedback` holds for each user what they did since the
   * training.
   */
  *recommendInSteps(
    users: readonly Id[],
    options: RecommendOptions = {},
    feedback: readonly (UserFeedback | undefined)[] = [],
  ): Generator<void, RecommendedItem[][]> {
    const indices = users.map((id: Id) => (options.fallback ? this.userIds.indexOf(id) : this.#userOf(id)));
    return yield* this.#recommendTo(indices, options, feedback);
  }

  /** Recommendations for all users (or those listed), in blocks of 1024 users; the event loop runs between two blocks. Throws as `recommend`. */
  async *recommendAll(
    options: RecommendOptions & { readonly users?: Iterable<Id> } = {},
  ): AsyncGenerator<UserRecommendations[]> {
    const { users, ...rest } = options;
    const listed = users && Array.from(users, (id) => this.#userOf(id));
    const count = listed?.length ?? this.userIds.size;
    for (let first = 0; first < count; first += ALL_BLOCK) {
      const length = Math.min(ALL_BLOCK, count - first);
      const block = Array.from({ length }, (_, i) => (listed ? listed[first + i]! : first + i));
      const lists = finished(this.#recommendTo(block, rest));
      yield lists.map((items, i) => ({ user: this.userIds.idOf(block[i]!), items }));
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /**
   * Recommends to a new user, given items they like. The user's embedding is computed by `foldIn`. The list leaves out the liked items unless `includeSeen` is set.
   * @throws TaurecError `unknown-id` for an item that the model does not know, unless `unknown: 'skip'`; `fold-in-loss` for a model with a custom loss that was opened without it; `bad-option` for no known
   * item without `fallback`, and for invalid weights, `k` or dials
   */
  recommendFor(items: readonly Id[], options: RecommendOptions & FoldInRequest = {}): RecommendedItem[] {
    return finished(this.recommendForInSteps(this.#likedItems(items, options), options));
  }

  /** The arguments of `recommendForInSteps` for liked items by id. Throws as `recommendFor`. */
  likedItems(items: readonly Id[], request: FoldInRequest = {}): LikedItems {
    return this.#likedItems(items, request);
  }

  /**
   * As `recommendFor`, for a server: yields between steps of a few milliseconds. The liked items are distinct indices of the model. The list leaves out `hidden` (ascending; default: the liked items) unless
   * `includeSeen` is set.
   */
  *recommendForInSteps(
    liked: LikedItems,
    options: RecommendOptions = {},
    hidden: Int32Array = ascending(liked.items),
  ): Generator<void, RecommendedItem[]> {
    const request = this.#parse(options);
    const seen = options.includeSeen ? new Int32Array(0) : hidden;
    if (liked.items.length === 0 && options.fallback) return this.#titled(this.#popularItems(request, seen));
    const embedding = yield* this.#fold(liked);
    const query = { embedding, seen, liked: ascending(liked.items) };
    const [list] = yield* this.#ranker.rankInSteps([query], request);
    return this.#titled(list!);
  }

  /** The embedding [d] of a new user, given items they like: the minimum of the model's own loss with the items fixed (see `FoldIn`). Throws as `recommendFor`. */
  foldIn(items: readonly Id[], options: FoldInRequest = {}): Float32Array {
    return finished(this.#fold(this.#likedItems(items, options)));
  }

  /** The `k` (default 10) most similar items by the cosine of their embeddings, without the item itself. Throws `unknown-id`, `bad-option`. */
  similarItems(item: Id, options: { readonly k?: number } = {}): RecommendedItem[] {
    return finished(this.similarItemsInSteps(item, options));
  }

  /** As `similarItems`, for a server: yields between steps of a few milliseconds. */
  *similarItemsInSteps(item: Id, options: { readonly k?: number } = {}): Generator<void, RecommendedItem[]> {
    const { k } = checkOptions(listSchema, options);
    return this.#titled(yield* nearestRows(this.engine.items, this.#inverseNorms('items'), this.#itemOf(item), k));
  }

  /** The `k` (default 10) most similar users by the cosine of their embeddings, without the user itself. Throws `unknown-id`, `bad-option`. */
  similarUsers(user: Id, options: { readonly k?: number } = {}): { readonly id: string; readonly score: number }[] {
    const { k } = checkOptions(listSchema, options);
    const nearest = finished(nearestRows(this.engine.users, this.#inverseNorms('users'), this.#userOf(user), k));
    return nearest.map(({ item, score }) => ({ id: this.userIds.idOf(item), score }));
  }

  /** The model's score of a user with each of `items`, in the same order: cosine or inner product plus the item's bias and the neighbour term. Throws `unknown-id`. */
  score(user: Id, items: readonly Id[]): number[] {
    const index = this.#userOf(user);
    const query = { embedding: row(this.engine.users, index), liked: likedBy(this.#neighbors, index) };
    const scorer = new QueryScorer(this.engine.items, this.#scored, query);
    return items.map((id) => scorer.of(this.#itemOf(id)));
  }

  /** Closes the engine and ends its threads. Every later request throws `recommender-closed`. */
  close(): Promise<void> {
    this.#closed = true;
    this.#foldIn = undefined;
    return this.#engine.close();
  }

  /** Closes at the end of the block: `await using model = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The lists of users by index; −1 is an unknown user, who gets the popular fallback. */
  *#recommendTo(
    users: readonly number[],
    options: RecommendOptions,
    feedback: readonly (UserFeedback | undefined)[] = [],
  ): Generator<void, RecommendedItem[][]> {
    const request = this.#parse(options);
    const none = new Int32Array(0);
    const hidden = (at: number) => (options.includeSeen ? none : (feedback[at]?.hidden ?? none));
    const queries = users.flatMap((user, at) =>
      user < 0
        ? []
        : {
            embedding: row(this.engine.users, user),
            seen: options.includeSeen ? none : union(csrRow(this.#model.seen, user), hidden(at)),
            liked: this.#neighbors ? union(likedBy(this.#neighbors, user), feedback[at]?.liked ?? none) : none,
          },
    );
    // An iterator over the lists of known users, consumed in the order of `users`.
    const lists = (yield* this.#ranker.rankInSteps(queries, request)).values();
    return users.map((user, at) =>
      this.#titled(user < 0 ? this.#popularItems(request, hidden(at)) : lists.next().value!),
    );
  }

  #popularItems({ k, filter }: ListRequest, hidden: Int32Array): RankedItem[] {
    return this.#popular.best(k, filter, hidden);
  }

  /** Checks the options and fills in defaults. Throws `bad-option`. */
  #parse(options: RecommendOptions): ListRequest {
    const { k, exclude, allow, diversity, discover } = checkOptions(listSchema, options);
    return { k, filter: itemFilter(this.itemIds, exclude, allow), diversity, discover };
  }

  /** Item indices as ids, with titles if the model has them. */
  #titled(list: readonly RankedItem[]): RecommendedItem[] {
    return list.map(({ item, score }) => {
      const title = this.#model.titles?.at(item);
      const id = this.itemIds.idOf(item);
      return title === undefined ? { id, score } : { id, score, title };
    });
  }

  /** The distinct liked items by index, with their weights: those of a repeated item are added. */
  #likedItems(ids: readonly Id[], request: FoldInRequest): LikedItems {
    const { weights, unknown = 'fail' } = request;
    if (weights && weights.length !== ids.length) {
      throw new TaurecError('bad-option', {
        option: 'weights',
        got: `${weights.length} weights`,
        expected: `${ids.length}, one for each item`,
      });
    }
    // Weight by item; a `Map` keeps the order of first occurrence.
    const liked = new Map<number, number>();
    ids.forEach((id, i) => {
      const item = unknown === 'skip' ? this.itemIds.indexOf(id) : this.#itemOf(id);
      const weight = weights?.[i] ?? 1;
      if (!(weight > 0 && weight < Infinity)) {
        throw new TaurecError('bad-option', { option: `weights[${i}]`, got: weight, expected: 'a number > 0' });
      }
      if (item >= 0) liked.set(item, (liked.get(item) ?? 0) + weight);
    });
    return { items: Int32Array.from(liked.keys()), weights: weights && Float32Array.from(liked.values()) };
  }

  *#fold(liked: LikedItems): Generator<void, Float32Array> {
    if (liked.items.length === 0) {
      throw new TaurecError('bad-option', { option: 'items', got: 'no known item', expected: 'at least one' });
    }
    this.#foldIn ??= this.#openFoldIn();
    return yield* this.#foldIn.embeddingInSteps(liked.items, liked.weights);
  }

  /** Throws `fold-in-loss` for a custom loss that was not passed to `open`. */
  #openFoldIn(): FoldIn {
    const { score, loss, seed } = this.config;
    if (!this.#loss && !('name' in loss && (lossNames as string[]).includes(loss.name))) {
      const got = 'name' in loss ? `the loss ${loss.name}` : `the loss module ${loss.module}`;
      throw new TaurecError('fold-in-loss', { got });
    }
    this.#loss ??= createLoss(loss);
    const length = score === 'cosine' ? 1 : meanLength(this.#inverseNorms('users'));
    return new FoldIn(this.engine, score, this.#loss, length, { seed });
  }

  #inverseNorms(table: 'users' | 'items'): Float64Array {
    this.#inverse[table] ??= inverseNorms(this.engine[table] as Matrix);
    return this.#inverse[table];
  }

  #userOf(id: Id): number {
    return this.#indexOf('user', id, this.userIds, "For new users, use recommendFor(items) or fallback: 'popular'.");
  }

  #itemOf(id: Id): number {
    return this.#indexOf('item', id, this.itemIds, 'Check the id, or train again on data that has it.');
  }

  #indexOf(kind: string, id: Id, ids: IdMap, remedy: string): number {
    const index = ids.indexOf(id);
    if (index < 0) throw new TaurecError('unknown-id', { kind, id, count: ids.size, remedy });
    return index;
  }
}

/** The mean of the lengths whose inverses are given, without rows of length 0 (inverse 0); 1 if there are no others. */
function meanLength(inverse: Float64Array): number {
  const lengths = inverse.filter((x) => x > 0).map((x) => 1 / x);
  return lengths.length > 0 ? lengths.reduce((a, b) => a + b) / lengths.length : 1;
}
