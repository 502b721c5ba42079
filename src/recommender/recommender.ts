import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Where } from '../catalogue/where.ts';
import type { CatalogueTable } from '../data/catalogue-table.ts';
import type { IdMap } from '../data/id-map.ts';
import type { RankingEngine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { itemPopularity } from '../evaluation/metrics.ts';
import type { Trends } from '../feedback/trends.ts';
import type { Loss } from '../loss/loss.ts';
import { type Model, type ServedModel, trainedItems } from '../model/model.ts';
import type { ModelPlace } from '../model/model-place.ts';
import { checkOptions } from '../option.ts';
import type { ApproximateIndex } from './approximate-index.ts';
import { type Explanation, explanationOf, withEvents, withReasons } from './explanation.ts';
import { feedbackOfEach, withFeedback } from './feedback-items.ts';
import { finished, finishedInTurns } from './in-steps.ts';
import { itemFilterInSteps } from './item-filter.ts';
import {
  type ItemListOptions,
  type ItemListRequest,
  ItemLists,
  type LatestOptions,
  type TrendingOptions,
} from './item-lists.ts';
import { likedItems } from './liked-items.ts';
import { type ItemChange, LiveCatalogue } from './live-catalogue.ts';
import type { OpenOptions } from './open-options.ts';
import { openParts } from './open-parts.ts';
import { PeopleRanker, type PeopleRequest, type Person, type UserFeedback } from './people-ranker.ts';
import { biasUnder } from './popularity-prior.ts';
import { loadEmbeddings } from './ranking-engine.ts';
import {
  type FoldInRequest,
  type Id,
  type ListedUsers,
  listSchema,
  type RecommendedItem,
  type RecommendOptions,
  type UserRecommendations,
} from './recommendation.ts';
import { itemRow, userRow } from './rows-of-ids.ts';
import { type SimilarOptions, similarSchema } from './similar-items.ts';
import { SimilarRows } from './similar-rows.ts';
import type { UserList } from './user-list.ts';

/** Liked items of an explanation by default. */
const REASONS = 10;

/** Users per block of `recommendAll`. */
const ALL_BLOCK = 1024;

/**
 * Recommends with a model: items for known users, items for new users given items they like, similar items and users, scores.
 * All methods are synchronous except `open`, `recommendAll` and `close`. Close it when done, or declare it with `await using`.
 */
export class Recommender {
  readonly #model: Omit<Model, 'users' | 'items'>;
  readonly #engine: RankingEngine;
  readonly #loss: Loss | undefined;
  /** The method by which lists find items, where they can. */
  readonly index: 'exact' | 'approximate';
  /** The recommender of the model's own prior: this one, unless `withPrior` made it. */
  readonly #own: Recommender;
  readonly #ranker: PeopleRanker;
  readonly #live: LiveCatalogue;
  readonly #forAll: ItemLists;
  readonly #similar: SimilarRows;
  // Of `#own` alone:
  #closed = false;
  /** [items] users with the item in the training interactions; counted at the first other prior. */
  #counts: Int32Array | undefined;
  /** The recommender of the last other prior. */
  #other: { readonly prior: number; readonly recommender: Recommender } | undefined;

  protected constructor(
    model: Omit<Model, 'users' | 'items'>,
    engine: RankingEngine,
    loss?: Loss,
    index?: ApproximateIndex,
    own?: Recommender,
  ) {
    // The engine has the embeddings, as a copy or taken over: keep no reference to the model's, so that its memory can be freed.
    const { users: _users, items: _items, ...rest } = model as ServedModel;
    this.#model = rest;
    this.#own = own ?? this;
    this.#engine = engine;
    this.#loss = loss;
    this.index = index ? 'approximate' : 'exact';
    this.#live = own ? own.#live : new LiveCatalogue(model.itemIds, model.catalogue, model.titles);
    this.#ranker = new PeopleRanker(rest, engine, loss, index, own ? own.#ranker : undefined);
    this.#forAll = own ? own.#forAll : new ItemLists(model.itemIds, this.#ranker.popular);
    this.#similar = own ? own.#similar : new SimilarRows(engine, rest.neighbors);
  }

  /**
   * Opens a model folder by its path; in a browser by its address, in a folder of the browser, or from a zip.
   * @throws TaurecError the errors of `openModel`; `unknown-name` for an unknown kind of index; with `index: 'approximate'` also `no-index` and `missing-package`
   */
  static async open(place: ModelPlace, options: OpenOptions = {}): Promise<Recommender> {
    const { model, engine, loss, index } = await openParts(place, options);
    const recommender = new Recommender(model, engine, loss, index);
    recommender.#live.changed = !!options.catalogue || !!options.edits?.length;
    return recommender;
  }

  /** Makes a recommender from a model and an engine that was opened with the model's sizes. Copies the embeddings into the engine. */
  static fromModel(model: ServedModel, engine: RankingEngine, loss?: Loss): Recommender {
    loadEmbeddings(model, engine);
    return new Recommender(model, engine, loss);
  }

  /**
   * The same model under another c of the popularity prior (docs/popularity.md): lists are ranked by s + c · log(1 + n). It shares engine and catalogue, is closed with this recommender, ranks exactly where this one has an
   * approximate index, and is made anew unless c is that of the last call. Closing one closes all.
   * @param c any finite number, in the units of the scores
   * @throws TaurecError `bad-option`
   */
  withPrior(c: number): Recommender {
    if (!Number.isFinite(c)) throw new TaurecError('bad-option', { option: 'c', got: c, expected: 'a finite number' });
    const own = this.#whileOpen(this.#own);
    if (own.#other?.prior !== c) {
      own.#counts ??= itemPopularity(trainedItems(own.#model));
      const under = { ...own.#model, itemBias: biasUnder(own.#model, own.#counts, c) };
      own.#other = { prior: c, recommender: new Recommender(under, own.#engine, own.#loss, undefined, own) };
    }
    return own.#other.recommender;
  }

  /** The facts about the model's training, and its sizes. */
  get config(): Model['config'] {
    return this.#model.config;
  }

  /** Whether lists come from the model alone as it was opened or made: under its own prior, with its own catalogue, without edits. */
  get isAsStored(): boolean {
    return this.#own === this && !this.#live.changed;
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
    return this.#live.titles !== undefined;
  }

  /** The attributes of the items; undefined without a catalogue. */
  get catalogue(): Catalogue | undefined {
    return this.#live.filters.catalogue;
  }

  /** Compiles filters that lists will use. @throws TaurecError as `recommend` for a filter that the catalogue does not fit */
  checkFilters(filters: readonly Where[]): void {
    for (const where of filters) finished(this.#live.filters.setOf(where));
  }

  /** Checks the options of lists, and that the model knows the listed users. @throws TaurecError as `recommend` */
  checkLists(options: RecommendOptions, users: Iterable<Id> = []): void {
    finished(this.#parse(options));
    for (const id of users) this.#person(id, options);
  }

  /** Replaces the catalogue: later lists have its titles, and are filtered by its attributes. Items keep their titles where it has none. Nothing is written. */
  setCatalogue(catalogue: CatalogueTable | Catalogue): void {
    this.#live.replace(catalogue);
  }

  /** Changes values of single items in the catalogue, or takes items out of all lists (`deleted`) and back in. Nothing is written. */
  editItems(changes: readonly ItemChange[]): void {
    this.#live.edit(changes);
  }

  /**
   * The engine that ranks; it holds the embeddings.
   * @throws TaurecError `recommender-closed` after `close`
   */
  get engine(): RankingEngine {
    return this.#whileOpen(this.#engine);
  }

  /**
   * The best items for a user, or for each of several users, best first; ties to the item that comes first in the model.
   * A list has exactly k items if that many remain after filtering.
   * @throws TaurecError `unknown-id` for a user that the model does not know, unless `fallback` is set; `bad-option` for `k` or a dial out of range; for filters `unknown-name`, `bad-option` and `no-catalogue`
   */
  recommend(user: Id, options?: RecommendOptions): RecommendedItem[];
  recommend(users: readonly Id[], options?: RecommendOptions): RecommendedItem[][];
  recommend(users: Id | readonly Id[], options: RecommendOptions = {}): RecommendedItem[] | RecommendedItem[][] {
    if (!Array.isArray(users)) return this.recommend([users as Id], options)[0]!;
    return finished(this.listsInSteps(users, options)).map(({ items }) => items);
  }

  /**
   * As `recommend` for several users, for a server: yields between steps of a few milliseconds, so that other requests can be answered in between. `feedback` holds for each user what they did since the training
   * (default: the option `feedback`).
   */
  *listsInSteps(
    users: readonly Id[],
    options: RecommendOptions = {},
    feedback: readonly (UserFeedback | undefined)[] = feedbackOfEach(users, options.feedback, this),
  ): Generator<void, UserList[]> {
    const people = users.map((id, at) => this.#person(id, options, feedback[at]));
    return yield* this.#lists(people, options);
  }

  /**
   * Says why an item is in a user's list, or why it is not: its rank among the items that the list may hold, and the liked items that carry its score. The options are those of the list. An item that the model does not know is
   * no error: its cause of absence is `unknown`.
   * @throws TaurecError as `recommend`
   */
  explain(user: Id, item: Id, options: RecommendOptions = {}): Explanation {
    return finished(this.explainInSteps(user, item, options));
  }

  /** As `explain`, for a server: yields between steps of a few milliseconds. `feedback`: what the user did since the training (default: the option `feedback`). */
  *explainInSteps(
    user: Id,
    item: Id,
    options: RecommendOptions = {},
    feedback: UserFeedback | undefined = feedbackOfEach([user], options.feedback, this)[0],
  ): Generator<void, Explanation> {
    const explained = yield* this.#explanation(this.#person(user, options, feedback), item, options);
    const events = options.feedback?.filter((event) => event.user === `${user}` && event.item === `${item}`);
    return withEvents(explained, events ?? []);
  }

  /** As `explain`, for a new user, given items they like. Throws as `recommendFor`. */
  explainFor(items: readonly Id[], item: Id, options: RecommendOptions & FoldInRequest = {}): Explanation {
    return finished(this.explainForInSteps(items, item, options));
  }

  /** As `explainFor`, for a server: yields between steps of a few milliseconds. */
  explainForInSteps(
    items: readonly Id[],
    item: Id,
    options: RecommendOptions & FoldInRequest = {},
  ): Generator<void, Explanation> {
    return this.#explanation({ key: items.join(), given: likedItems(items, options, this.itemIds) }, item, options);
  }

  /** Recommendations for all users (or those listed, or the `rows` of the model from `from` to before `to`), in blocks of 1024 users; the event loop runs ten times a second. Throws as `recommend`. */
  async *recommendAll(options: RecommendOptions & ListedUsers = {}): AsyncGenerator<UserRecommendations[]> {
    const { users, rows = { from: 0, to: this.userIds.size }, ...rest } = options;
    const listed = users && Array.from(users, (id) => this.#person(id, rest));
    const [from, to] = listed ? [0, listed.length] : [rows.from, rows.to];
    for (let first = from; first < to; first += ALL_BLOCK) {
      const length = Math.min(ALL_BLOCK, to - first);
      const known = (_: unknown, i: number): Person => ({ key: this.userIds.idOf(first + i), user: first + i });
      const block = listed?.slice(first, first + length) ?? Array.from({ length }, known);
      const lists = await finishedInTurns(this.#lists(withFeedback(block, rest.feedback, this), rest));
      yield lists.map(({ items }, i) => ({ user: block[i]!.key, items }));
    }
  }

  /**
   * Recommends to a new user, given items they like. The user's embedding is computed by `foldIn`. The list leaves out the liked items unless `includeSeen` is set.
   * @throws TaurecError `unknown-id` for an item that the model does not know, unless `unknown: 'skip'`; `fold-in-loss` for a model with a custom loss that was opened without it; `bad-option` for no known
   * item without `fallback`, and for invalid weights, `k` or dials
   */
  recommendFor(items: readonly Id[], options: RecommendOptions & FoldInRequest = {}): RecommendedItem[] {
    return finished(this.recommendForInSteps(items, options));
  }

  /** As `recommendFor`, for a server: yields between steps of a few milliseconds. */
  *recommendForInSteps(
    items: readonly Id[],
    options: RecommendOptions & FoldInRequest = {},
  ): Generator<void, RecommendedItem[]> {
    const [list] = yield* this.#lists(
      [{ key: items.join(), given: likedItems(items, options, this.itemIds) }],
      options,
    );
    return list!.items;
  }

  /** The embedding [d] of a new user, given items they like: the minimum of the model's own loss with the items fixed (see `FoldIn`). Throws as `recommendFor`. */
  foldIn(items: readonly Id[], options: FoldInRequest = {}): Float32Array {
    return finished(this.#people.newUsers.embeddingInSteps(likedItems(items, options, this.itemIds)));
  }

  /**
   * The `k` (default 10) items most like an item, without the item itself. `by`: `embeddings` (default), the cosine of their embeddings; `together`, their weights for the item in the neighbour term, so far as they are above 0
   * (docs/reasons.md).
   * @throws TaurecError `unknown-id`, `bad-option`; `no-neighbors` for `together` with a model without a neighbour term
   */
  similarItems(item: Id, options: SimilarOptions = {}): RecommendedItem[] {
    return finished(this.similarItemsInSteps(item, options));
  }

  /** As `similarItems`, for a server: yields between steps of a few milliseconds. */
  *similarItemsInSteps(item: Id, options: SimilarOptions = {}): Generator<void, RecommendedItem[]> {
    const { k, by, where, atMost } = checkOptions(similarSchema, options);
    const index = itemRow(this.itemIds, item);
    const wanted = yield* this.#live.filters.setOf(where);
    const limits = atMost && this.#live.filters.limitsOf(atMost);
    // Limits may refuse any number of items.
    const count = limits ? this.itemIds.size : k;
    const ranked = yield* this.#whileOpen(this.#similar).itemsInSteps(index, count, by, wanted);
    return this.#live.titled(limits ? limits.first(ranked, k) : ranked);
  }

  /** The items of the most users in the training data, best first; ties to the item that comes first in the model. The score is the number of users. @throws TaurecError for options and filters as `recommend` */
  popular(options: ItemListOptions = {}): RecommendedItem[] {
    return finished(this.itemsInSteps({ by: 'popular', options }));
  }

  /** The newest items by a time attribute of the catalogue, ties as in `popular`; items without a time, or with one to come, are left out. The score is the time in seconds since 1970. Throws as `popular`. */
  latest(options: LatestOptions = {}): RecommendedItem[] {
    return finished(this.itemsInSteps({ by: 'latest', options }));
  }

  /** The items that people act on now (`Trends`), best first. The score is the sum of decayed weights. Throws as `popular`. */
  trending(trends: Trends, options: TrendingOptions = {}): RecommendedItem[] {
    return finished(this.itemsInSteps({ by: 'trending', options, trends }));
  }

  /** As `popular`, `latest` and `trending`, for a server: yields between steps of a few milliseconds. */
  *itemsInSteps(request: ItemListRequest): Generator<void, RecommendedItem[]> {
    return this.#live.titled(yield* this.#whileOpen(this.#forAll).listInSteps(request, this.#live.filters));
  }

  /** The `k` (default 10) most similar users by the cosine of their embeddings, without the user itself. Throws `unknown-id`, `bad-option`. */
  similarUsers(user: Id, options: { readonly k?: number } = {}): { readonly id: string; readonly score: number }[] {
    const { k } = checkOptions(listSchema, options);
    const nearest = finished(this.#whileOpen(this.#similar).usersInSteps(userRow(this.userIds, user), k));
    return nearest.map(({ item, score }) => ({ id: this.userIds.idOf(item), score }));
  }

  /** The model's score of a user with each of `items`, in the same order: cosine or inner product plus the item's bias and the neighbour term. Throws `unknown-id`. */
  score(user: Id, items: readonly Id[]): number[] {
    const index = userRow(this.userIds, user);
    const scorer = this.#people.scorerOf(index);
    return items.map((id) => scorer.of(itemRow(this.itemIds, id)));
  }

  /** Closes the engine and ends its threads. Every later request throws `recommender-closed`. */
  close(): Promise<void> {
    this.#own.#closed = true;
    return this.#engine.close();
  }

  /** Closes at the end of the block: `await using model = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  *#lists(people: readonly Person[], options: RecommendOptions): Generator<void, UserList[]> {
    const ranker = this.#people;
    const ranked = yield* ranker.listsInSteps(people, yield* this.#parse(options));
    const lists: UserList[] = [];
    for (const { basis, items, sums } of ranked) {
      const list = this.#live.titled(items);
      lists.push({ basis, items: sums ? yield* withReasons(list, sums, this.#live.nameOf) : list });
    }
    return lists;
  }

  *#explanation(person: Person, item: Id, options: RecommendOptions): Generator<void, Explanation> {
    const ranker = this.#people;
    const request = { ...(yield* this.#parse(options)), explain: options.explain ?? REASONS };
    const index = this.itemIds.indexOf(item);
    const facts = yield* ranker.factsInSteps(person, index, request);
    const named = index < 0 ? { id: String(item) } : this.#live.nameOf(index);
    return explanationOf(named, facts, this.#live.nameOf);
  }

  /** A user; one whom the model does not know, with a fallback, has no row. */
  #person(id: Id, { fallback }: RecommendOptions, feedback?: UserFeedback): Person {
    const row = fallback ? this.userIds.indexOf(id) : userRow(this.userIds, id);
    return { key: `${id}`, user: row < 0 ? undefined : row, feedback };
  }

  get #people(): PeopleRanker {
    return this.#whileOpen(this.#ranker);
  }

  /** The value. Throws `recommender-closed` after `close`. */
  #whileOpen<T>(value: T): T {
    if (this.#own.#closed) throw new TaurecError('recommender-closed');
    return value;
  }

  /** Checks the options and fills in defaults; yields between steps. Throws `bad-option`. */
  *#parse(options: RecommendOptions): Generator<void, PeopleRequest> {
    const checked = checkOptions(listSchema, options);
    const { exclude, allow, where, atMost, feedback: _feedback, fallback: _fallback, ...rest } = checked;
    const set = yield* this.#live.filters.setOf(where);
    const limits = atMost && this.#live.filters.limitsOf(atMost);
    return { ...rest, limits, filter: yield* itemFilterInSteps(this.itemIds, exclude, allow, set) };
  }
}
