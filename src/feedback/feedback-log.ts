import { TaurecError } from '../errors.ts';
import type { ItemEdit, ItemState } from './item-edits.ts';

/** One action of a user on an item, as reported by the application. */
export interface FeedbackEvent {
  /** Id of the user, 1 to 2000 characters. The model need not know it. */
  readonly user: string;
  /** Id of the item, 1 to 2000 characters. The model need not know it. */
  readonly item: string;
  /** Time of the action, in seconds since 1970-01-01 UTC. */
  readonly time: number;
  /** Kind of action: 'view', 'like', 'purchase' … Default 'interaction'. */
  readonly kind?: string;
  /** Weight of the interaction as a positive, above 0 and at most 1e30. Default 1. */
  readonly weight?: number;
  /** Unique id of the event, chosen by the caller, 1 to 500 characters: an event that is sent again with the same id is stored once. Absent: every event is stored. */
  readonly id?: string;
  /** Id of the list that showed the item, 1 to 500 characters. */
  readonly list?: string;
  /** Place of the item in that list: 1 for the first, at most 1,000,000. */
  readonly position?: number;
}

/** A stored event. `sequence` is its position in the log: it starts at 1 and increases strictly, possibly with gaps. */
export interface StoredFeedback extends FeedbackEvent {
  readonly sequence: number;
}

/** Which events of a user `FeedbackLog.find` returns. */
export interface WantedFeedback {
  /** Default: the events with all items. */
  readonly item?: string;
  /** The most events; default: all. */
  readonly limit?: number;
}

/** A durable, append-only log of feedback. Applications write to it while the server runs; training reads it. */
export interface FeedbackLog {
  /** Address of the log without its password, for messages. */
  readonly place: string;
  /**
   * Appends all events or none, and resolves with the number of new events (an event whose `id` is already stored is skipped). Once the promise resolves, the events survive
   * a kill of the process.
   * @throws TaurecError `bad-feedback`, `feedback-closed`, `feedback-overload` when too many events are waiting, and the errors of the database
   */
  append(events: readonly FeedbackEvent[]): Promise<number>;
  /** Events with a `sequence` above `after` (default 0: all), in ascending order, in pages of at most a few thousand. */
  read(after?: number): AsyncIterable<StoredFeedback[]>;
  /** Events with a `time` of at least `time`, in seconds since 1970, oldest first, in pages. Looked up by an index. Absent: the log must be read. */
  since?(time: number): AsyncIterable<StoredFeedback[]>;
  /**
   * The events of a user, with one item if it is given, oldest first: with a `limit` the newest ones. Looked up by an index. Absent: the log cannot look events up.
   * @throws TaurecError `feedback-closed`, and the errors of the database
   */
  find?(user: string, wanted?: WantedFeedback): Promise<StoredFeedback[]>;
  /** Throws when events cannot be stored: it writes to the log, as an append does. The readiness endpoint calls it, at most once a second. */
  check(): Promise<void>;
  /** Removes all events of a user, durably, and resolves with their number. Absent: the log cannot remove events. */
  forget?(user: string): Promise<number>;
  /** Applies edits of items, all or none, durably, and resolves with the states of the items. Absent: the log keeps no items. */
  editItems?(edits: readonly ItemEdit[]): Promise<readonly ItemState[]>;
  /** The states of edited items with a `sequence` above `after` (default 0: all), in ascending order, in pages. Absent: the log keeps no items. */
  itemStates?(after?: number): AsyncIterable<readonly ItemState[]>;
  /** Writes the waiting appends, then closes the connection. Every acknowledged event stays stored. */
  close(): Promise<void>;
}

/** The database operations behind a feedback log. `StoredLog` checks the events, groups the appends and orders the closing, so that a store need not. */
export interface FeedbackStore {
  /** Writes the rows of several appends in one durable transaction, in order, and returns the number of new rows of each append. Calls never overlap. */
  write(appends: readonly (readonly FeedbackRow[])[]): Promise<number[]>;
  /** The first `limit` events with a `sequence` above `after`, in ascending order. */
  page(after: number, limit: number): Promise<StoredFeedback[]>;
  /** The first `limit` events, by time and sequence, after the event of that time and sequence. */
  since(time: number, after: number, limit: number): Promise<StoredFeedback[]>;
  /** The events of a user, with one item if it is given: the newest `limit`, oldest first. */
  find(user: string, item: string | undefined, limit: number): Promise<StoredFeedback[]>;
  /** Throws when the table cannot be written. */
  check(): Promise<void>;
  /** Deletes the rows of a user and returns their number. Never overlaps with `write`. */
  forget(user: string): Promise<number>;
  /** Applies edits of items in one durable transaction; creates their table if it does not exist. Returns the states of the items. */
  editItems(edits: readonly ItemEdit[]): Promise<ItemState[]>;
  /** The first `limit` states with a `sequence` above `after`, in ascending order; none without a table of items. */
  itemStates(after: number, limit: number): Promise<ItemState[]>;
  /** Closes the connections. Called once, when no append is waiting. */
  close(): Promise<void>;
}

/** An event with its defaults filled in: one row of the table. */
export interface FeedbackRow {
  readonly user: string;
  readonly item: string;
  readonly time: number;
  readonly kind: string;
  readonly weight: number;
  readonly id: string | null;
  readonly list: string | null;
  readonly position: number | null;
}

/** The values of a row, in the order of the table's columns after `sequence`. */
export const rowValues = ({ user, item, time, kind, weight, id, list, position }: FeedbackRow) =>
  [user, item, time, kind, weight, id, list, position] as const;

/** The event of a row of the table, whose columns come in their order. */
export function eventOfRow(row: readonly unknown[]): StoredFeedback {
  const [sequence, user, item, time, kind, weight, id, list, position] = row;
  return {
    // PostgreSQL's driver returns bigint columns as text.
    sequence: Number(sequence),
    ...{ user, item, time, kind, weight },
    ...(id !== null && { id }),
    ...(list !== null && { list }),
    ...(position !== null && { position }),
  } as StoredFeedback;
}

/** Maximum length of a user id, an item id or a kind, in characters. */
const longestText = 2000;
/** Maximum place in a list. */
const lastPosition = 1_000_000;
/** Maximum length of an event id or a list id, in characters. PostgreSQL indexes values of at most 2704 bytes; 500 UTF-16 units take at most 1500. */
const longestId = 500;
/** Maximum weight. Training reads weights as 32-bit floats, whose largest value is about 3.4e38. */
const largestWeight = 1e30;

/**
 * Checks events and copies them with their defaults filled in. It refuses every value that a database or a later training would refuse.
 * @throws TaurecError `bad-feedback`, about the first invalid event
 */
export function checkEvents(events: readonly FeedbackEvent[]): FeedbackRow[] {
  const fail = (at: number, field: keyof FeedbackEvent, got: unknown, expected: string): never => {
    // The facts name the event by its position in the request, counted from 1.
    throw new TaurecError('bad-feedback', { event: at + 1, count: events.length, field, got, expected });
  };
  // Messages are worded for bad values only: a request has a thousand events.
  const insistText = (at: number, field: keyof FeedbackEvent, got: unknown, longest: number) => {
    if (isGoodText(got, longest)) return;
    fail(
      at,
      field,
      got,
      `non-blank text of 1 to ${longest} characters, without NUL characters and unpaired surrogates`,
    );
  };
  return events.map(
    ({ user, item, time, kind = 'interaction', weight = 1, id = null, list = null, position = null }, at) => {
      insistText(at, 'user', user, longestText);
      insistText(at, 'item', item, longestText);
      insistText(at, 'kind', kind, longestText);
      if (id !== null) insistText(at, 'id', id, longestId);
      if (list !== null) insistText(at, 'list', list, longestId);
      if (position !== null && !(Number.isInteger(position) && position >= 1 && position <= lastPosition)) {
        fail(at, 'position', position, `a whole number from 1 to ${lastPosition}`);
      }
      if (!Number.isFinite(time)) fail(at, 'time', time, 'a number: seconds since 1970');
      if (!(Number.isFinite(weight) && weight > 0 && weight <= largestWeight)) {
        fail(at, 'weight', weight, `a number above 0, at most ${largestWeight}`);
      }
      return { user, item, time, kind, weight, id, list, position };
    },
  );
}

function isGoodText(text: unknown, longest: number): boolean {
  if (typeof text !== 'string' || text.length > longest || text.trim() === '') return false;
  // Databases refuse NUL, UTF-8 cannot encode unpaired surrogates, and decoders write U+FFFD for invalid bytes: no id contains it on purpose.
  return !/[\0\uFFFD\p{Surrogate}]/u.test(text);
}
