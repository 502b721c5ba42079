import { TaurecError } from '../errors.ts';

/** An id as a caller has it; a number stands for its decimal text. */
export type Id = string | number;

/** One item of a list. */
export interface RecommendedItem {
  readonly id: string;
  /** The model's score: a cosine or an inner product, its item bias included, whatever `diversity` and `discover` made of the order. In the popular fallback: how many users have the item. */
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
  /** How many; default 10. Fewer come only where fewer exist. */
  readonly k?: number;
  /** Items not wanted. Ids that the model does not know are ignored: it never recommends them. */
  readonly exclude?: Iterable<Id>;
  /** The only items wanted. Ids that the model does not know are ignored. */
  readonly allow?: Iterable<Id>;
  /** Lets in what the user has seen; default false. */
  readonly includeSeen?: boolean;
  /** What an unknown user gets: the most popular items; absent: an error. */
  readonly fallback?: 'popular';
  /**
   * From 0, the list as the model ranks it (default), to 1: how much it counts against an item that one like it is in the list already (maximal marginal relevance, see `MarginalRelevance`). .3 is a gentle
   * value. The list is chosen from the best max(5k, 100) items, at most 1000. Popular fallback lists stay as they are.
   */
  readonly diversity?: number;
  /**
   * From 0, the list as the model ranks it (default), to 1: how much it counts against an item that many people have (see `DiscoveryBias`); to the nearest hundredth. Exact over all items. Popular
   * fallback lists stay as they are.
   */
  readonly discover?: number;
}

/** How the items that a new person is given by are read. */
export interface FoldInRequest {
  /** Weight > 0 of each item, beside them; default 1. Those of an item that comes twice are added. */
  readonly weights?: ArrayLike<number>;
  /** What to do with an item that the model does not know; default `fail`. */
  readonly unknown?: 'fail' | 'skip';
}

/** The value of a dial of requests, 0 where there is none. Throws `bad-option` unless it is in [0, 1]. */
export function checkDial(option: 'diversity' | 'discover', value = 0): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new TaurecError('bad-option', { option, got: value, expected: 'a number from 0 to 1' });
}
