import type { IdMap } from '../data/id-map.ts';
import { ascending } from './item-filter.ts';
import type { UserFeedback } from './people-ranker.ts';

/** The newest items with feedback that count as liked: the work of a fold-in and of the neighbour term grows with their number. */
export const MOST_LIKED = 500;

/** An event of feedback, as a feedback log holds it. */
export interface FeedbackOfUser {
  readonly user: string;
  readonly item: string;
  /** Seconds since 1970-01-01 UTC. */
  readonly time?: number;
  /** Default 'interaction'. */
  readonly kind?: string;
  /** Whether the item leaves the user's lists; default true. An item that stays counts as liked only for users unknown to the model. */
  readonly hides?: boolean;
  /** Whether the item is a positive; default true. */
  readonly likes?: boolean;
}

/**
 * The feedback of one user as indices of the model. The newest 500 items are liked: of a user whom the model knows (`known`) only those that hide. Undefined without any item that the model knows.
 * @param events oldest first
 */
export function feedbackItems(
  events: readonly FeedbackOfUser[],
  itemIds: IdMap,
  known: boolean,
): UserFeedback | undefined {
  const hidden: number[] = [];
  // A set keeps the order of insertion: deleting first moves a repeated item to the end.
  const liked = new Set<number>();
  for (const { item, hides = true, likes = true } of events) {
    const index = itemIds.indexOf(item);
    if (index < 0) continue;
    if (hides) hidden.push(index);
    if (!likes || (!hides && known)) continue;
    liked.delete(index);
    liked.add(index);
  }
  return liked.size + hidden.length > 0
    ? { hidden: ascending(hidden), liked: Int32Array.from([...liked].slice(-MOST_LIKED)) }
    : undefined;
}

/** The feedback of each user among the events; absent events: of none. */
export function feedbackOfEach(
  users: readonly (string | number)[],
  events: readonly FeedbackOfUser[] | undefined,
  { userIds, itemIds }: { readonly userIds: IdMap; readonly itemIds: IdMap },
): (UserFeedback | undefined)[] {
  if (!events) return [];
  const byUser = new Map<string, FeedbackOfUser[]>(users.map((id) => [`${id}`, []]));
  for (const event of events) byUser.get(event.user)?.push(event);
  return users.map((id) => feedbackItems(byUser.get(`${id}`)!, itemIds, userIds.indexOf(id) >= 0));
}

/** People with their feedback among the events. */
export function withFeedback<P extends { readonly key: string }>(
  people: readonly P[],
  events: readonly FeedbackOfUser[] | undefined,
  ids: { readonly userIds: IdMap; readonly itemIds: IdMap },
): (P & { readonly feedback?: UserFeedback })[] {
  const keys = people.map(({ key }) => key);
  const feedback = feedbackOfEach(keys, events, ids);
  return people.map((person, at) => ({ ...person, feedback: feedback[at] }));
}
