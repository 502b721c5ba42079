import { countsAt, type EventTable, kindIn } from '../data/event-kinds.ts';
import { TaurecError } from '../errors.ts';
import type { FeedbackEvent, FeedbackLog, StoredFeedback } from '../feedback/feedback-log.ts';
import type { ItemState } from '../feedback/item-edits.ts';
import { MOST_EVENTS } from '../recommender/explanation.ts';
import { EditedItems, type EditReceiver } from './edited-items.ts';
import { failed } from './feedback-fault.ts';
import { Looks } from './looks.ts';
import type { FeedbackColumns } from './scoring-protocol.ts';
import { Turns } from './turns.ts';

/** After a failed append the log counts as unable to store for at least this time, in milliseconds: a check writes less than an append, so it may succeed where an append does not. */
const FAILED_MS = 5000;
/** A check writes to the log: its result serves all requests for this time, in milliseconds. */
const CHECKED_MS = 1000;

/** A receiver of feedback: a scoring thread, which keeps the items of each user as indices of its model. */
export interface FeedbackReceiver extends EditReceiver {
  feed(events: FeedbackColumns): Promise<void>;
  forget(user: string): Promise<void>;
}

/** Where scoring threads get feedback from. */
export interface FeedbackSource {
  /** Reads all feedback into a receiver, then passes later events on to it. @throws TaurecError `feedback-failed` */
  load(receiver: FeedbackReceiver): Promise<void>;
  /** The edits of items so far, by item. */
  edits(): Promise<readonly ItemState[]>;
  /** Stops passing events on to a receiver. */
  leave(receiver: FeedbackReceiver): void;
}

/** A receiver, with the messages that it gets once it has read the log; `waiting` is absent after that. */
interface Subscriber {
  waiting?: (() => Promise<void>)[];
}

/** Passes feedback on: from requests to the log, and from the log to the scoring threads. */
export class SeenFeedback implements FeedbackSource {
  readonly #log: FeedbackLog;
  readonly #kinds: EventTable;
  /** Edits of items, which the same database keeps. */
  readonly items: EditedItems;
  readonly #receivers = new Map<FeedbackReceiver, Subscriber>();
  /** Time until which a failed append counts. */
  #failedUntil = 0;
  #failure?: unknown;
  /** The last check, and the time from which a new one is made. */
  #checking?: Promise<void>;
  #checkAgain = 0;
  /** The last event that a look has read; absent until the log was read once. */
  #last?: number;
  /** Looks and erasures, one after another: an event that is being read cannot come after the erasure of its user. */
  readonly #turns = new Turns();
  readonly #looks = new Looks(() => this.#turns.take(() => this.#look()));

  /** @param kinds says which kinds of events count, and which hide their item */
  constructor(log: FeedbackLog, kinds: EventTable) {
    this.#log = log;
    this.#kinds = kinds;
    this.items = new EditedItems(log);
  }

  /** Reads the whole log into a receiver, then passes later events on to it. @throws TaurecError `feedback-failed` */
  async load(receiver: FeedbackReceiver): Promise<void> {
    const subscriber: Subscriber = { waiting: [] };
    this.#receivers.set(receiver, subscriber);
    let last = 0;
    try {
      for await (const events of this.#log.read()) {
        await receiver.feed(this.#columns(events));
        last = events.at(-1)!.sequence;
      }
    } catch (cause) {
      this.leave(receiver);
      throw failed(cause);
    }
    // Events that were appended meanwhile come after those of the log, so the newest stay the newest.
    for (let next = subscriber.waiting!.shift(); next; next = subscriber.waiting!.shift()) await next();
    subscriber.waiting = undefined;
    await this.items.load(receiver);
    // A later receiver may have read events that the earlier ones lack: the looks go on from where they are.
    this.#last ??= last;
    this.#looks.begin();
  }

  /** Stops looking for events and edits of other servers. */
  stop(): void {
    this.#looks.stop();
    this.items.stop();
  }

  edits(): Promise<readonly ItemState[]> {
    return this.items.present();
  }

  /** Stops passing events on to a receiver. */
  leave(receiver: FeedbackReceiver): void {
    this.#receivers.delete(receiver);
    this.items.leave(receiver);
  }

  /**
   * Appends events to the log, then passes them on. Resolves with the number of new events once the scoring threads have them.
   * @throws TaurecError `bad-feedback` for an invalid event, `feedback-failed` if the events are not stored
   */
  async append(events: readonly FeedbackEvent[]): Promise<number> {
    let added: number;
    try {
      added = await this.#log.append(events);
    } catch (cause) {
      if (cause instanceof TaurecError && cause.code === 'bad-feedback') throw cause;
      this.#failure = cause;
      this.#failedUntil = performance.now() + FAILED_MS;
      throw failed(cause);
    }
    this.#failedUntil = 0;
    // Only now: an item must not disappear from lists because of an event that is not stored.
    await this.#feed(events);
    return added;
  }

  /**
   * Removes all events of a user from the log and from the scoring threads. Resolves with the number of events removed.
   * @throws TaurecError `feedback-failed`; `erase-impossible` for a log that cannot remove events
   */
  async forget(user: string): Promise<number> {
    if (!this.#log.forget) throw new TaurecError('erase-impossible', { place: this.#log.place });
    return this.#turns.take(async () => {
      let removed: number;
      try {
        removed = await this.#log.forget!(user);
      } catch (cause) {
        throw failed(cause);
      }
      await this.#publish((receiver) => receiver.forget(user));
      return removed;
    });
  }

  /**
   * Events after position `after` of the log, oldest first, at most `limit`; without `after` the newest ones that a look has found.
   * @throws TaurecError `feedback-failed`
   */
  async page(after: number | undefined, limit: number): Promise<readonly StoredFeedback[]> {
    // Positions may have gaps: from here on there are at most so many.
    const from = after ?? Math.max(0, (this.#last ?? 0) - limit);
    try {
      const found: StoredFeedback[] = [];
      for await (const events of this.#log.read(from)) {
        found.push(...events.slice(0, limit - found.length));
        if (found.length === limit) break;
      }
      return found;
    } catch (cause) {
      throw failed(cause);
    }
  }

  /** The newest events of a user with an item that hide it, oldest first (visible ones are read and left out); none if the log cannot look events up. @throws TaurecError `feedback-failed` */
  async eventsOf(user: string, item: string): Promise<readonly FeedbackEvent[]> {
    try {
      const events = (await this.#log.find?.(user, { item, limit: 10 * MOST_EVENTS })) ?? [];
      const now = Date.now() / 1000;
      return events.filter(({ kind, time }) => countsAt(kind ?? 'interaction', time, now, this.#kinds)?.hides);
    } catch (cause) {
      throw failed(cause);
    }
  }

  /** Checks that the log can store events. @throws TaurecError `feedback-failed` */
  async check(): Promise<void> {
    if (performance.now() < this.#failedUntil) throw failed(this.#failure);
    if (!this.#checking || performance.now() >= this.#checkAgain) {
      this.#checkAgain = Infinity;
      this.#checking = this.#log.check().finally(() => {
        this.#checkAgain = performance.now() + CHECKED_MS;
      });
      // Its requests may have given up; without a handler a late failure would end the process.
      this.#checking.catch(() => {});
    }
    try {
      await this.#checking;
    } catch (cause) {
      // A failure is not kept: the next request checks again.
      this.#checkAgain = 0;
      throw failed(cause);
    }
  }

  /** Passes on what came into the log. Events that this server took come twice, which changes nothing. */
  async #look(): Promise<void> {
    for await (const events of this.#log.read(this.#last)) {
      await this.#feed(events);
      this.#last = events.at(-1)!.sequence;
    }
  }

  /** Passes on the events that count: impressions are many, and no list depends on them. */
  async #feed(events: readonly FeedbackEvent[]): Promise<void> {
    const columns = this.#columns(events);
    if (columns.users.length > 0) await this.#publish((receiver) => receiver.feed(columns));
  }

  async #publish(send: (receiver: FeedbackReceiver) => Promise<void>): Promise<void> {
    const sent: Promise<void>[] = [];
    for (const [receiver, { waiting }] of this.#receivers) {
      if (waiting) waiting.push(() => send(receiver));
      else sent.push(send(receiver));
    }
    await Promise.all(sent);
  }

  /** The events that count for lists, as columns. */
  #columns(events: readonly FeedbackEvent[]): FeedbackColumns {
    const now = Date.now() / 1000;
    const columns = {
      users: [] as string[],
      items: [] as string[],
      hides: [] as boolean[],
      likes: [] as boolean[],
      until: [] as number[],
      kinds: [] as string[],
      times: [] as number[],
    };
    for (const { user, item, kind = 'interaction', time } of events) {
      const known = kindIn(kind, this.#kinds);
      if (!known || !(known.hides || known.weight > 0)) continue;
      // What has expired still counts for trends, which have a window of their own.
      const counts = time + known.expires > now;
      columns.users.push(user);
      columns.items.push(item);
      columns.hides.push(counts && known.hides);
      columns.likes.push(counts && known.weight > 0);
      columns.until.push(time + known.expires);
      columns.kinds.push(kind);
      columns.times.push(time);
    }
    return columns;
  }
}
