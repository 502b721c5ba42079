import { TaurecError } from '../errors.ts';

/** The id of a user or an item. A number means its decimal text: 4 is '4'. */
export type Id = string | number;

/** One item of a recommendation list. */
export interface RecommendedItem {
  readonly id: string;
  /** The model's score: cosine or inner product, plus the item's bias. `diversity` and `discover` change the order, not the score. In the popular fallback: the number of users with the item. */
  readonly score: number;
  /** Present if the model has a title for the item. */
  readonly title?: string;
}

/** The recommendation list of a user, best first. */
export interface UserRecommendations {
  readonly user: string;
  readonly items: readonly RecommendedItem[];
}

/** Options of a recommendation list: its length, its filters, its dials. */
export interface RecommendOptions {
  /** The number of items in the list, ≥ 1; default 10. The list is shorter only when fewer items are allowed. */
  readonly k?: number;
  /** Items to leave out, in addition to those the user has seen. Unknown ids are ignored. */
  readonly exclude?: Iterable<Id>;
  /** The only items allowed. Unknown ids are ignored. */
  readonly allow?: Iterable<Id>;
  /** Includes items the user has seen; default false. */
  readonly includeSeen?: boolean;
  /** The list for an unknown user: `popular` returns the most popular items. Absent: error `unknown-id`. */
  readonly fallback?: 'popular';
  /**
   * Penalty for items similar to those already in the list, from 0 (default: the model's own order) to 1 (maximal marginal relevance, see `MarginalRelevance`). .3 is gentle. The list is chosen from the best max(5k, 100) items,
   * at most 1000. It does not apply to popular fallback lists.
   */
  readonly diversity?: number;
  /**
   * Penalty for popular items, from 0 (default: the model's own order) to 1, in steps of .01 (see `DiscoveryBias`). Exact over all items.
   * It does not apply to popular fallback lists.
   */
  readonly discover?: number;
}

/** Options for the liked items of a new user. */
export interface FoldInRequest {
  /** A weight > 0 for each item; default 1. Weights of a repeated item are added. */
  readonly weights?: ArrayLike<number>;
  /** The treatment of items that the model does not know: `fail` (default) throws `unknown-id`, `skip` ignores them. */
  readonly unknown?: 'fail' | 'skip';
}

/** The value of a dial, default 0. Throws `bad-option` unless it is in [0, 1]. */
export function checkDial(option: 'diversity' | 'discover', value = 0): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new TaurecError('bad-option', { option, got: value, expected: 'a number from 0 to 1' });
}
