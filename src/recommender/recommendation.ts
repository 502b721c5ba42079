import { TaurecError } from '../errors.ts';

/** A user's or item's id; a number is read as its decimal text. */
export type Id = string | number;

/** One item of a list. */
export interface RecommendedItem {
  readonly id: string;
  /** The model's score: cosine or inner product, plus the item's bias. `diversity` and `discover` change the order, not the score. In the popular fallback: the number of users with the item. */
  readonly score: number;
  readonly title?: string;
}

/** A user's list, best first. */
export interface UserRecommendations {
  readonly user: string;
  readonly items: readonly RecommendedItem[];
}

/** What a list may hold, and how long it is. */
export interface RecommendOptions {
  /** Items in the list; default 10. The list is shorter only when fewer items are allowed. */
  readonly k?: number;
  /** Items to leave out. Unknown ids are ignored. */
  readonly exclude?: Iterable<Id>;
  /** The only items allowed. Unknown ids are ignored. */
  readonly allow?: Iterable<Id>;
  /** Includes items the user has seen; default false. */
  readonly includeSeen?: boolean;
  /** What an unknown user gets: the most popular items; absent: an error. */
  readonly fallback?: 'popular';
  /**
   * Penalty for items similar to those already in the list, 0 (default, the model's own order) to 1 (maximal marginal relevance, see `MarginalRelevance`). .3 is gentle. The list is chosen from the best max(5k, 100) items, at most 1000. Popular fallback lists stay as they are.
   */
  readonly diversity?: number;
  /**
   * Penalty for popular items, 0 (default, the model's own order) to 1, in steps of .01 (see `DiscoveryBias`). Exact over all items. Popular
   * fallback lists stay as they are.
   */
  readonly discover?: number;
}

/** How the liked items of a new user are read. */
export interface FoldInRequest {
  /** A weight > 0 for each item; default 1. Weights of a repeated item are added. */
  readonly weights?: ArrayLike<number>;
  /** What to do with an item that the model does not know; default `fail`. */
  readonly unknown?: 'fail' | 'skip';
}

/** The value of a dial of requests, 0 where there is none. Throws `bad-option` unless it is in [0, 1]. */
export function checkDial(option: 'diversity' | 'discover', value = 0): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new TaurecError('bad-option', { option, got: value, expected: 'a number from 0 to 1' });
}
