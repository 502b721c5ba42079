import { TaurecError } from '../errors.ts';
import type { FeedbackEvent, FeedbackLog } from '../feedback/feedback-log.ts';

/** The items with feedback of each user, held in memory. Read from the feedback log at the start and updated with each append; memory grows with the number of distinct pairs. */
export class SeenFeedback {
  readonly #log: FeedbackLog;
  readonly #items = new Map<string, Set<string>>();
  /** The sets as arrays, cached from the first request of a user until the user's next event. */
  readonly #lists = new Map<string, readonly string[]>();
  /** Number of pairs of a user and an item. */
  #pairs = 0;

  private constructor(log: FeedbackLog) {
    this.#log = log;
  }

  /** Reads the whole log. @throws TaurecError `feedback-failed` */
  static async open(log: FeedbackLog): Promise<SeenFeedback> {
    const seen = new SeenFeedback(log);
    try {
      for await (const events of log.read()) for (const event of events) seen.#add(event);
    } catch (cause) {
      throw failed(cause);
    }
    return seen;
  }

  /** Number of users with feedback, and number of distinct pairs of a user and an item. */
  get size(): { readonly users: number; readonly pairs: number } {
    return { users: this.#items.size, pairs: this.#pairs };
  }

  /** The items of a user, each once, ordered by their latest feedback, newest last. Undefined for a user without feedback. */
  of(user: string): readonly string[] | undefined {
    const items = this.#items.get(user);
    if (!items) return undefined;
    let list = this.#lists.get(user);
    if (!list) {
      list = [...items];
      this.#lists.set(user, list);
    }
    return list;
  }

  /**
   * Appends events to the log, then adds their items to the sets. Resolves with the number of new events.
   * @throws TaurecError `bad-feedback` for an invalid event, `feedback-failed` if the events are not stored
   */
  async append(events: readonly FeedbackEvent[]): Promise<number> {
    let added: number;
    try {
      added = await this.#log.append(events);
    } catch (cause) {
      throw cause instanceof TaurecError && cause.code === 'bad-feedback' ? cause : failed(cause);
    }
    // Only now: an item must not disappear from lists because of an event that is not stored.
    for (const event of events) this.#add(event);
    return added;
  }

  /** Checks that the log can be reached. @throws TaurecError `feedback-failed` */
  async check(): Promise<void> {
    try {
      await this.#log.check();
    } catch (cause) {
      throw failed(cause);
    }
  }

  /** Adds an item to the set of its user, as the newest. */
  #add({ user, item }: FeedbackEvent): void {
    let items = this.#items.get(user);
    if (!items) {
      items = new Set();
      this.#items.set(user, items);
    }
    const before = items.size;
    // A set keeps the order of insertion: deleting first moves a repeated item to the end.
    items.delete(item);
    items.add(item);
    this.#pairs += items.size - before;
    this.#lists.delete(user);
  }
}

/** The error `feedback-failed` with the reason for the server log; `problemReply` removes it for clients. */
function failed(cause: unknown): TaurecError {
  return new TaurecError(
    'feedback-failed',
    { reason: cause instanceof Error ? cause.message : String(cause) },
    { cause },
  );
}
