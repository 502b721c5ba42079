import type { Basis } from './people-ranker.ts';
import type { RecommendedItem } from './recommendation.ts';

/** The list of a user, and what it is made from. */
export interface UserList {
  readonly basis: Basis;
  readonly items: RecommendedItem[];
}
