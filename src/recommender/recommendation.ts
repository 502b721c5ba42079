import * as z from 'zod';
import type { Where } from '../catalogue/where.ts';
import { declaredOptions, oneOf, option, whole, within, yesOrNo } from '../option.ts';
import type { Reasons } from './explanation.ts';
import type { FeedbackOfUser } from './feedback-items.ts';

/** The id of a user or an item. A number means its decimal text: 4 is '4'. */
export type Id = string | number;

/** One item of a recommendation list. */
export interface RecommendedItem {
  readonly id: string;
  /** The model's score: cosine or inner product, plus the item's bias. `diversity` and `discover` change the order, not the score. In the popular fallback: the number of users with the item. */
  readonly score: number;
  /** Present if the model has a title for the item. */
  readonly title?: string;
  /** The parts of the score, with the option `explain`. Absent in lists of popular items. */
  readonly because?: Reasons;
}

/** The recommendation list of a user, best first. */
export interface UserRecommendations {
  readonly user: string;
  readonly items: readonly RecommendedItem[];
}

const ids = z.custom<Iterable<Id>>((value) => typeof value === 'object' && value !== null && Symbol.iterator in value, {
  error: 'an iterable of ids',
});

/** A filter; its names and values are checked against the catalogue (`compileWhere`). */
export const where = z.custom<Where>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
  error: 'an object of attributes, such as {"price": {"lte": 50}}',
});
const atMost = z.record(z.string(), whole(1), { error: 'an object of numbers by attribute, such as {"brand": 2}' });

/** The declarations of a recommendation list's options: its length, its filters, its dials. */
export const listShape = {
  /** The number of items in the list, ≥ 1; default 10. The list is shorter only when fewer items are allowed. */
  k: option(whole(1).default(10), { flag: '-k, --k <number>', help: 'items in each list' }),
  /** Items to leave out, in addition to those the user has seen. Unknown ids are ignored. */
  exclude: option(ids.optional(), {
    flag: '--exclude <ids>',
    help: 'items never to recommend: a,b,c, or @file with one id per line',
  }),
  /** The only items allowed. Unknown ids are ignored. */
  allow: option(ids.optional(), { flag: '--allow <ids>', help: 'recommend only these items: a,b,c or @file' }),
  /** A filter by the attributes of the catalogue: `{ price: { lte: 50 }, category: { any: ['shoes'] } }` (docs/catalogue.md). */
  where: option(where.optional(), {
    flag: '--where <filter>',
    help: 'only items with these attributes, as JSON: {"price":{"lte":50}}',
  }),
  /** The most items with one value of an attribute, by attribute: `{ brand: 2 }`. An item without a value has no limit. */
  atMost: option(atMost.optional(), {
    flag: '--at-most <attribute=number>',
    help: 'at most this many items with one value of an attribute, such as brand=2; repeatable',
  }),
  /** Includes items the user has seen; default false. */
  includeSeen: option(yesOrNo.default(false), {
    flag: '--include-seen',
    help: 'include items the user has already seen',
  }),
  /** The list for an unknown user: `popular` returns the most popular items. Absent: error `unknown-id`. */
  fallback: option(oneOf(['popular']).optional(), {
    flag: '--fallback <what>',
    help: 'recommendations for unknown users',
  }),
  /**
   * Penalty for items similar to those already in the list, from 0 (default: the model's own order) to 1 (maximal marginal relevance, see `MarginalRelevance`). .3 is gentle. The list is chosen from the best max(5k, 100) items,
   * at most 1000. It does not apply to popular fallback lists.
   */
  diversity: option(within(0, 1).default(0), {
    flag: '--diversity <number>',
    help: 'penalty for items similar to those already in the list, from 0 to 1',
  }),
  /**
   * Penalty for popular items, from 0 (default: the model's own order) to 1, in steps of .01 (see `DiscoveryBias`). Exact over all items.
   * It does not apply to popular fallback lists.
   */
  discover: option(within(0, 1).default(0), {
    flag: '--discover <number>',
    help: 'penalty for popular items, from 0 to 1',
  }),
  /**
   * The share of the list's places that go to new items, those that fewer than 10 people have, from 0 (default) to 1: the best of them by their score, filters and limits respected, in places that are drawn. All else stays in order.
   * Where fewer new items remain, other items take the places.
   */
  explore: option(within(0, 1).default(0), {
    flag: '--explore <number>',
    help: 'share of the places for new items, which fewer than 10 people have, from 0 to 1',
  }),
  /** Seed of the places that `explore` draws for each person, a whole number ≥ 0; default 0. The same seed gives a person the same places. */
  seed: option(whole(0).default(0), {
    flag: '--seed <number>',
    help: 'seed of the places that --explore draws',
  }),
  /** n ≥ 0: every item comes with `because`, the n liked items with the largest parts in its score (docs/reasons.md); default 0: without. In `explain` the default is 10. */
  explain: option(whole(0).default(0), {
    flag: '--explain [number]',
    help: 'say why: the liked items with the largest parts in each score',
    bare: 3,
  }),
  /** Feedback since the training, oldest first: a user's items leave the list and count as liked, as on a server. Events of other users are ignored. Default: none. */
  feedback: z.custom<readonly FeedbackOfUser[]>(Array.isArray, { error: 'an array of feedback events' }).optional(),
};

/** The options of a list with their checks and defaults. */
export const listSchema = z.object(listShape);
/** All options of a list with their paths. */
export const listOptions = declaredOptions(listShape);

/** Options of a recommendation list: its length, its filters, its dials. */
export type RecommendOptions = Readonly<z.input<typeof listSchema>>;

/** The users whose lists `recommendAll` makes; default: all users of the model. */
export interface ListedUsers {
  readonly users?: Iterable<Id>;
  /** Rows of the model, from `from` to before `to`. */
  readonly rows?: { readonly from: number; readonly to: number };
}

/** Options for the liked items of a new user. */
export interface FoldInRequest {
  /** A weight > 0 for each item; default 1. Weights of a repeated item are added. */
  readonly weights?: ArrayLike<number>;
  /** The treatment of items that the model does not know: `fail` (default) throws `unknown-id`, `skip` ignores them. */
  readonly unknown?: 'fail' | 'skip';
}
