import type { AbsenceCause, Basis, ItemFacts } from './people-ranker.ts';
import type { ScoreSum } from './score-parts.ts';

/** The part of one liked item in a score, in the units of the scores: `part` = `neighbor` + `embedding`. */
export interface Reason {
  /** Id of the liked item. */
  readonly id: string;
  /** Present if the model has a title for it. */
  readonly title?: string;
  readonly part: number;
  /** Its exact part of the neighbour term, β·|P|^(−1/2)·S_ij, weaker for a new person; 0 where the two items are no neighbours. */
  readonly neighbor: number;
  /** Its share of the embedding part, by a rule: in proportion to max(0, cos(v_i, v_j)). */
  readonly embedding: number;
}

/** A score as a sum of signed parts: score = Σ `items[].part` + `others` + `embedding` + `bias`, to 1e-6. */
export interface Reasons {
  /** The liked items with the largest parts, largest first. */
  readonly items: readonly Reason[];
  /** The sum of the parts of all other liked items. */
  readonly others: number;
  /** The embedding part where no liked item takes a share of it, because no cosine is positive; otherwise 0. */
  readonly embedding: number;
  /** The item's bias; 0 without one. */
  readonly bias: number;
}

/**
 * Why an item is not in a list:
 * - `training`, `validation`: the user has seen it in that part of the data
 * - `feedback`: the user has acted on it since the training; `events` says how and when
 * - `given`: it is one of the items that a new user likes
 * - `excluded`, `not-allowed`: by the options `exclude` and `allow`
 * - `filtered`: its attributes do not pass the option `where`
 * - `unknown`: the model does not know it
 * - `beyond-k`: its rank is above k
 * - `limit`: items that rank above it use up one of its values (option `atMost`)
 * - `diversity`: its rank is within k, and `diversity` preferred other items
 * - `explore`: its rank is within k, and a new item took its place
 * - `index`: its rank is within k, and the approximate index missed it
 */
export interface Absence {
  readonly cause: AbsenceCause;
  /** The user's events with the item, oldest first; at most 100, the newest. Only of the cause `feedback`. */
  readonly events?: readonly FeedbackFact[];
}

/** One event of a user with an item. */
export interface FeedbackFact {
  readonly kind: string;
  /** Seconds since 1970-01-01 UTC. */
  readonly time?: number;
}

/** The most events of an absence. */
export const MOST_EVENTS = 100;

/** Why an item is in a person's list, or why it is not. */
export interface Explanation {
  /** Id of the item. */
  readonly item: string;
  /** Present if the model has a title for it. */
  readonly title?: string;
  /** What the list is made from: the user's embedding in the model, liked items that were given, feedback of a user unknown to the model, or the popularity of the items. */
  readonly basis: Basis;
  /** The number of items that the list may hold. */
  readonly of: number;
  /** The item's place among those by score, from 1; `discover` counts, `diversity` does not. Absent: the list leaves the item out. */
  readonly rank?: number;
  /** The item's place in the list, from 1. Absent: it is not in the list. */
  readonly place?: number;
  /** The model's score, also of items that the list leaves out; of the basis `popular` the number of users with the item. Absent: the model does not know the item. */
  readonly score?: number;
  /** Why the item is not in the list: all reasons of exclusion, or the one of ranking. Absent: it is in the list. */
  readonly absent?: readonly Absence[];
  /** The parts of the score. Absent: the basis is `popular`, or the model does not know the item. */
  readonly because?: Reasons;
}

/** The id and the title of an item by index. */
type NameOf = (item: number) => { readonly id: string; readonly title?: string };

/** The parts of a score by name. */
function reasonsOf({ liked, others, embedding, bias }: ScoreSum, nameOf: NameOf): Reasons {
  const items = liked.map((part): Reason => {
    const { neighbor, embedding: share } = part;
    return { ...nameOf(part.item), part: neighbor + share, neighbor, embedding: share };
  });
  return { items, others, embedding, bias };
}

/** Reasons that are named between two steps. */
const STEP_REASONS = 1000;

/** The items of a list with the parts of their scores, in the same order; yields between steps. */
export function* withReasons<T>(
  items: readonly T[],
  sums: readonly ScoreSum[],
  nameOf: NameOf,
): Generator<void, (T & { readonly because: Reasons })[]> {
  const list: (T & { readonly because: Reasons })[] = [];
  let named = 0;
  for (const [at, item] of items.entries()) {
    list.push({ ...item, because: reasonsOf(sums[at]!, nameOf) });
    named += sums[at]!.liked.length;
    if (named < STEP_REASONS) continue;
    named = 0;
    yield;
  }
  return list;
}

/** The explanation of an item. */
export function explanationOf(
  item: { readonly id: string; readonly title?: string },
  facts: ItemFacts,
  nameOf: NameOf,
): Explanation {
  const { basis, of, rank, place, score, causes, sum } = facts;
  const { id, title } = item;
  return {
    item: id,
    ...(title !== undefined && { title }),
    ...{ basis, of },
    ...(rank !== undefined && { rank }),
    ...(place !== undefined && { place }),
    ...(score !== undefined && { score }),
    ...(causes.length > 0 && { absent: causes.map((cause): Absence => ({ cause })) }),
    ...(sum && { because: reasonsOf(sum, nameOf) }),
  };
}

/** The explanation with the events behind its cause `feedback`, given oldest first; unchanged without that cause or without events. */
export function withEvents(explanation: Explanation, events: readonly Partial<FeedbackFact>[]): Explanation {
  const { absent } = explanation;
  if (events.length === 0 || !absent?.some(({ cause }) => cause === 'feedback')) return explanation;
  const facts = events.slice(-MOST_EVENTS).map(({ kind = 'interaction', time }): FeedbackFact => {
    return time === undefined ? { kind } : { kind, time };
  });
  return {
    ...explanation,
    absent: absent.map((one): Absence => (one.cause === 'feedback' ? { ...one, events: facts } : one)),
  };
}
