import { csrHas, csrRow } from '../array/csr.ts';
import { rowFrom } from '../array/half-matrix.ts';
import type { ItemSet } from '../catalogue/item-set.ts';
import type { RankingEngine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import type { Loss } from '../loss/loss.ts';
import type { Model } from '../model/model.ts';
import { newPersonStrength } from '../neighbors/neighbors.ts';
import type { ApproximateIndex } from './approximate-index.ts';
import { drawSlots, merged, newItemsOf, within } from './explored-slots.ts';
import { ascending, union } from './item-filter.ts';
import { candidateCount, ItemRanker, type ListRequest } from './item-ranker.ts';
import { exclusionCauses, LeftOut } from './left-out.ts';
import type { RankedItem } from './list-ranker.ts';
import { likedBy, neighborsOf } from './model-ranker.ts';
import { type LikedItems, NewUsers } from './new-users.ts';
import { PopularItems } from './popular-items.ts';
import { type Query, QueryScorer, type ScoredModel } from './query-scorer.ts';
import { ScoreParts, type ScoreSum } from './score-parts.ts';

/** What a user did since the training, as distinct indices of the model. */
export interface UserFeedback {
  /** Items that lists leave out, unless `includeSeen` is set; ascending. */
  readonly hidden?: Int32Array;
  /** Items that the user's neighbour term is computed from too, and that an unknown user is folded in by. */
  readonly liked?: Int32Array;
}

/** A person whom a list is for, as indices of the model. */
export interface Person {
  /** Names the person in draws: the id of a user, or the ids of the items that were given. */
  readonly key: string;
  /** The row of the user embeddings. Absent: the model does not know the person. */
  readonly user?: number;
  /** Items that a new user likes. */
  readonly given?: LikedItems;
  readonly feedback?: UserFeedback;
}

/** Parameters of the lists of a request. */
export interface PeopleRequest extends ListRequest {
  /** x in [0, 1]: share of the places for new items (`drawSlots`). */
  readonly explore: number;
  /** Seed of the places. */
  readonly seed: number;
  readonly includeSeen: boolean;
  /** n: scores come with their parts; 0: without. */
  readonly explain: number;
}

/** What a list is made from: the user's embedding in the model, liked items that were given, feedback of a user unknown to the model, or the popularity of the items. */
export type Basis = 'model' | 'items' | 'feedback' | 'popular';

/** The list of one person. */
export interface PersonList {
  readonly basis: Basis;
  readonly items: readonly RankedItem[];
  /** The parts of the scores, where they were asked for and the scores are the model's. */
  readonly sums?: readonly ScoreSum[];
}

/** The reasons for which an item that a list may hold is not in it. */
const rankingCauses = ['beyond-k', 'limit', 'diversity', 'explore', 'index'] as const;
type RankingCause = (typeof rankingCauses)[number];

/** The causes for which an item is not in a list; `unknown`: the model does not know it. */
export const absenceCauses = [...exclusionCauses, ...rankingCauses, 'unknown'] as const;
/** A cause for which an item is not in a list (`Absence`). */
export type AbsenceCause = (typeof absenceCauses)[number];

/** One item with regard to one person's list. */
export interface ItemFacts {
  readonly basis: Basis;
  /** Absent: the model does not know the item. */
  readonly score?: number;
  /** The number of items that the list may hold. */
  readonly of: number;
  /** The item's place among those by score (with the popularity dial), from 1. Absent: the list leaves it out. */
  readonly rank?: number;
  /** The item's place in the list, from 1. Absent: it is not in the list. */
  readonly place?: number;
  /** Why the item is not in the list; empty: it is. */
  readonly causes: readonly AbsenceCause[];
  readonly sum?: ScoreSum;
}

/** A person's list before it is ranked. Without a query it holds the most popular items. */
interface Prepared {
  readonly basis: Basis;
  readonly leftOut: LeftOut;
  readonly query?: Query;
  /** Items that the list has already, ascending; absent: none. */
  readonly taken?: Int32Array;
}

const NONE = new Int32Array(0);

/** A list without items that have their places already. */
function without(prepared: Prepared, items: readonly number[]): Prepared {
  const taken = ascending(items);
  const { query } = prepared;
  return { ...prepared, taken, ...(query && { query: { ...query, seen: union(query.seen, taken) } }) };
}

/** Ranks a model's items for people: those that the model knows, new ones by items they like or by feedback, and those about whom nothing is known. */
export class PeopleRanker {
  readonly #model: Omit<Model, 'users' | 'items'>;
  readonly #engine: RankingEngine;
  /** The neighbour term, and the items that users' parts of it are computed from. */
  readonly #neighbors: ReturnType<typeof neighborsOf>;
  readonly #ranker: ItemRanker;
  readonly popular: PopularItems;
  readonly #scored: ScoredModel;
  /** Made at the first list with places for new items. */
  #new?: ItemSet;
  readonly newUsers: NewUsers;

  /** @param other ranks the same model under other biases of the items: what does not depend on them is shared */
  constructor(
    model: Omit<Model, 'users' | 'items'>,
    engine: RankingEngine,
    loss?: Loss,
    index?: ApproximateIndex,
    other?: PeopleRanker,
  ) {
    const { itemBias, popularity } = model;
    const neighbors = other ? other.#neighbors : neighborsOf(model);
    this.#model = model;
    this.#engine = engine;
    this.#neighbors = neighbors;
    this.#scored = { score: model.config.score, itemBias, term: neighbors?.term };
    this.#ranker = new ItemRanker(engine, { ...this.#scored, popularity }, index);
    this.popular = other?.popular ?? new PopularItems(popularity);
    this.newUsers = other?.newUsers ?? new NewUsers(model.config, engine, loss);
  }

  /** The list of each person; yields between steps of a few milliseconds. Throws `fold-in-loss` for given items. */
  *listsInSteps(people: readonly Person[], request: PeopleRequest): Generator<void, PersonList[]> {
    const prepared: Prepared[] = [];
    for (const person of people) prepared.push(yield* this.#prepared(person, request));
    const ranked = yield* this.#ranked(people, prepared, request);
    const lists: PersonList[] = [];
    for (const [at, { basis, query }] of prepared.entries()) {
      const items = ranked[at]!;
      const sums =
        query && request.explain > 0 ? yield* this.#sums(people[at]!, query, items, request.explain) : undefined;
      lists.push({ basis, items, sums });
    }
    return lists;
  }

  /** The list of each person. */
  *#ranked(
    people: readonly Person[],
    prepared: readonly Prepared[],
    request: PeopleRequest,
  ): Generator<void, RankedItem[][]> {
    if (request.explore === 0) return yield* this.#plain(prepared, request);
    const { k, explore, seed } = request;
    this.#new ??= newItemsOf(this.#model.popularity);
    const filter = within(request.filter, this.#new);
    const fresh = yield* this.#plain(prepared, { ...request, k: Math.ceil(explore * k), filter, diversity: 0 });
    const lists: RankedItem[][] = [];
    // One list after another: what the new items of a list use up of its limits is its own.
    for (const [at, one] of prepared.entries()) {
      const slots = drawSlots(k, explore, seed, people[at]!.key);
      const chosen = fresh[at]!.slice(0, slots.places.length);
      const items = chosen.map(({ item }) => item);
      const [others] = yield* this.#plain([without(one, items)], { ...request, limits: request.limits?.after(items) });
      lists.push(merged(slots, chosen, others!, k));
    }
    return lists;
  }

  /** The list of each person without places for new items. */
  *#plain(prepared: readonly Prepared[], request: PeopleRequest): Generator<void, RankedItem[][]> {
    const queries = prepared.flatMap(({ query }) => query ?? []);
    // An iterator over the ranked lists, consumed in the order of `prepared`.
    const ranked = (yield* this.#ranker.rankInSteps(queries, request)).values();
    const { k, filter, limits } = request;
    return prepared.map(({ query, leftOut, taken = NONE }) =>
      query ? ranked.next().value! : this.popular.best(k, filter, union(leftOut.seen, taken), limits),
    );
  }

  /** Where an item is with regard to a person's list, and why; −1 is an item that the model does not know. Yields as `listsInSteps`. */
  *factsInSteps(person: Person, item: number, request: PeopleRequest): Generator<void, ItemFacts> {
    const prepared = yield* this.#prepared(person, request);
    const { basis, leftOut, query } = prepared;
    const { rows } = this.#engine.items;
    const of = leftOut.remaining(rows);
    if (item < 0) return { basis, of, causes: ['unknown'] };
    const excluded = leftOut.causesOf(item);
    if (!query) {
      const { filter, k, limits } = request;
      const all = this.popular.best(rows, filter, leftOut.seen);
      const rank = placeOf(all, item);
      const facts = { basis, score: this.#model.popularity[item]!, of, ...(rank > 0 && { rank }) };
      if (rank === 0) return { ...facts, causes: excluded };
      const [list] = yield* this.#ranked([person], [prepared], request);
      const place = placeOf(list!, item);
      if (place > 0) return { ...facts, place, causes: [] };
      const taken = limits ? limits.first(all, rows) : all;
      const without = placeOf(taken, item);
      return { ...facts, causes: [without === 0 ? 'limit' : without > k ? 'beyond-k' : 'explore'] };
    }
    const [list] = yield* this.#ranked([person], [prepared], request);
    const place = placeOf(list!, item);
    yield;
    const rank = excluded.length > 0 ? undefined : 1 + this.#ranker.above(query, item, request);
    const score =
      place > 0 ? list![place - 1]!.score : new QueryScorer(this.#engine.items, this.#scored, query).of(item);
    const [sum] = request.explain > 0 ? yield* this.#sums(person, query, [{ item, score }], request.explain) : [];
    const facts = { basis, score, of, ...(rank !== undefined && { rank }), ...(sum && { sum }) };
    if (place > 0) return { ...facts, place, causes: [] };
    if (rank === undefined) return { ...facts, causes: excluded };
    return { ...facts, causes: [yield* this.#lost(query, item, rank, request)] };
  }

  /** The scores of single items for a user of the model. */
  scorerOf(user: number): QueryScorer {
    const liked = this.#neighbors && likedBy(this.#neighbors, user);
    return new QueryScorer(this.#engine.items, this.#scored, { embedding: rowFrom(this.#engine.users, user), liked });
  }

  /** What kept an item of this rank out, which the list may hold. */
  *#lost(query: Query, item: number, rank: number, request: PeopleRequest): Generator<void, RankingCause> {
    const { k, diversity, limits } = request;
    if (request.explore > 0) {
      const [plain] = yield* this.#ranker.rankInSteps([query], request);
      if (placeOf(plain!, item) > 0) return 'explore';
    }
    if (limits) {
      // With limits an item may move up, or be refused, whatever its rank.
      const plain = { ...request, k: rank, diversity: 0, limits: undefined };
      const [above] = yield* this.#ranker.rankInSteps([query], plain);
      if (placeOf(above!, item) === 0) return 'index';
      const place = placeOf(limits.first(above!, rank), item);
      if (place === 0) return 'limit';
      if (place > k) return 'beyond-k';
    } else if (rank > k) {
      return 'beyond-k';
    }
    if (diversity === 0) return 'index';
    const [candidates] = yield* this.#ranker.rankInSteps([query], { ...request, k: candidateCount(k), diversity: 0 });
    return placeOf(candidates!, item) > 0 ? 'diversity' : 'index';
  }

  /** The basis of a person's list, and what it leaves out. */
  *#prepared(person: Person, { filter, includeSeen }: PeopleRequest): Generator<void, Prepared> {
    const { user, given, feedback } = person;
    const seen = { user, feedback: feedback?.hidden, given: given && ascending(given.items) };
    const leftOut = new LeftOut(this.#model, includeSeen ? {} : seen, filter);
    if (user !== undefined) {
      const liked = this.#neighbors && union(likedBy(this.#neighbors, user), ascending(feedback?.liked ?? []));
      return {
        basis: 'model',
        leftOut,
        query: { embedding: rowFrom(this.#engine.users, user), seen: leftOut.seen, liked },
      };
    }
    const likes = given ?? { items: feedback?.liked ?? new Int32Array(0) };
    const embedding = likes.items.length > 0 ? yield* this.#folded(likes, given !== undefined) : undefined;
    if (!embedding) return { basis: 'popular', leftOut };
    const strength = newPersonStrength(likes.items.length);
    const query = { embedding, seen: leftOut.seen, liked: ascending(likes.items), strength };
    return { basis: given ? 'items' : 'feedback', leftOut, query };
  }

  /** The embedding of a new user. A loss that cannot fold in is an error for items that were given; for feedback there is none. */
  *#folded(likes: LikedItems, insist: boolean): Generator<void, Float32Array | undefined> {
    try {
      return yield* this.newUsers.embeddingInSteps(likes);
    } catch (error) {
      if (!insist && error instanceof TaurecError && error.code === 'fold-in-loss') return undefined;
      throw error;
    }
  }

  /** The parts of the scores of a list. */
  *#sums(person: Person, query: Query, list: readonly RankedItem[], count: number): Generator<void, ScoreSum[]> {
    const parts = new ScoreParts(this.#engine.items, this.#scored, { ...query, liked: this.#likedOf(person, query) });
    const sums: ScoreSum[] = [];
    let work = 0;
    for (const { item, score } of list) {
      sums.push(parts.of(item, score, count));
      work += parts.work;
      if (work < STEP_PRODUCTS) continue;
      work = 0;
      yield;
    }
    return sums;
  }

  /** P: the items that the neighbour term is computed from; without a term those that the user's embedding was trained or folded in by. */
  #likedOf({ user }: Person, { liked }: Query): Int32Array {
    if (liked || user === undefined) return liked ?? new Int32Array(0);
    const { seen, validation } = this.#model;
    const items = csrRow(seen, user);
    return validation ? items.filter((item) => !csrHas(validation, user, item)) : items;
  }
}

/** The place of an item in a list, from 1; 0: it is not there. */
function placeOf(list: readonly RankedItem[], item: number): number {
  return 1 + list.findIndex((one) => one.item === item);
}

/** Products between two steps, about half a millisecond. */
const STEP_PRODUCTS = 500_000;
