import { TaurecError } from '../errors.ts';

/** One action of a user, as an application reports it. */
export interface FeedbackEvent {
  /** Id of the user, known to the model or not. */
  readonly user: string;
  /** Id of the item, known to the model or not. */
  readonly item: string;
  /** Time of the action, in seconds since 1970-01-01 UTC. */
  readonly time: number;
  /** Kind of action: 'view', 'like', 'purchase' … Default 'interaction'. */
  readonly kind?: string;
  /** Weight of the interaction as a positive, > 0. Default 1. */
  readonly weight?: number;
  /** Given by the caller so that a request that is sent twice counts once; absent: every event counts. */
  readonly id?: string;
}

/** An event as the log keeps it: with its place in the log, from 1, strictly ascending. */
export interface StoredFeedback extends FeedbackEvent {
  readonly sequence: number;
}

/** A durable, append-only log of feedback. */
export interface FeedbackLog {
  /** Location of the log, without a password, for messages.  */
  readonly place: string;
  /** Appends all events or none. When the promise settles they survive a kill of the process at any moment. Resolves with how many were new (an `id` that is there already is passed over). */
  append(events: readonly FeedbackEvent[]): Promise<number>;
  /** Events after a place in the log, in order, some thousands at a time. */
  read(after?: number): AsyncIterable<StoredFeedback[]>;
  /** Throws when the log cannot be reached: for readiness. */
  check(): Promise<void>;
  /** Ends the log; what was acknowledged is kept. */
  close(): Promise<void>;
}

/** What a database does for a feedback log; checks, groups and closing are the log's (`StoredLog`). */
export interface FeedbackStore {
  /** Writes the rows of some appends in one durable transaction, in order. How many of each were new. Never called while it runs. */
  write(appends: readonly (readonly FeedbackRow[])[]): Promise<number[]>;
  /** The first `limit` events after a place, in order. */
  page(after: number, limit: number): Promise<StoredFeedback[]>;
  check(): Promise<void>;
  close(): Promise<void>;
}

/** An event with its defaults, as a store keeps it. */
export interface FeedbackRow {
  readonly user: string;
  readonly item: string;
  readonly time: number;
  readonly kind: string;
  readonly weight: number;
  readonly id: string | null;
}

/** Characters of an id of a user or item, and of a kind. */
const longestText = 2000;
/** Characters of an event's id: an index of PostgreSQL holds texts of up to 2704 bytes. */
const longestId = 500;
/** Weights become 32-bit floats when they are read. */
const largestWeight = 1e30;

/**
 * Events with their defaults, copied. What is refused here is what training would refuse later, or a database.
 * @throws TaurecError `bad-feedback`, about the first event that is wrong
 */
export function checkEvents(events: readonly FeedbackEvent[]): FeedbackRow[] {
  return events.map(({ user, item, time, kind = 'interaction', weight = 1, id = null }, at) => {
    const insist = (field: keyof FeedbackEvent, got: unknown, expected: string, good: boolean): void => {
      if (!good) throw new TaurecError('bad-feedback', { event: at + 1, count: events.length, field, got, expected });
    };
    const insistText = (field: keyof FeedbackEvent, got: unknown, longest: number) => {
      const expected = `a text of 1 to ${longest} characters that is not blank, without zero bytes and broken characters`;
      insist(field, got, expected, isGoodText(got, longest));
    };
    insistText('user', user, longestText);
    insistText('item', item, longestText);
    insistText('kind', kind, longestText);
    if (id !== null) insistText('id', id, longestId);
    insist('time', time, 'a number: seconds since 1970', Number.isFinite(time));
    const fits = Number.isFinite(weight) && weight > 0 && weight <= largestWeight;
    insist('weight', weight, `a number above 0, at most ${largestWeight}`, fits);
    return { user, item, time, kind, weight, id };
  });
}

function isGoodText(text: unknown, longest: number): boolean {
  if (typeof text !== 'string' || text.length > longest || text.trim() === '') return false;
  // U+FFFD replaces bytes that were no UTF-8: no id contains it on purpose.
  return !/[\0\uFFFD\p{Surrogate}]/u.test(text);
}
