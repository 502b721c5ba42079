/** An id as a caller has it; a number stands for its decimal text. */
export type Id = string | number;

/** One item of a list. */
export interface RecommendedItem {
  readonly id: string;
  /** The model's score: a cosine or an inner product. In the popular fallback: how many users have the item. */
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
}

/** How the items that a new person is given by are read. */
export interface FoldInRequest {
  /** Weight > 0 of each item, beside them; default 1. Those of an item that comes twice are added. */
  readonly weights?: ArrayLike<number>;
  /** What to do with an item that the model does not know; default `fail`. */
  readonly unknown?: 'fail' | 'skip';
}
