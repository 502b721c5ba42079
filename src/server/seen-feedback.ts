import { TaurecError } from '../errors.ts';
import type { FeedbackEvent, FeedbackLog } from '../feedback/feedback-log.ts';

/** Items with feedback, as one set for each user of the feedback log. */
export class SeenFeedback {
  readonly #log: FeedbackLog;
  readonly #items = new Map<string, Set<string>>();
  /** Lists that were asked for, until the next event of their user. */
  readonly #lists = new Map<string, readonly string[]>();
  #pairs = 0;

  private constructor(log: FeedbackLog) {
    this.#log = log;
  }

  /** Reads the whole log. Throws `feedback-failed`. */
  static async open(log: FeedbackLog): Promise<SeenFeedback> {
    const seen = new SeenFeedback(log);
    try {
      for await (const events of log.read()) for (const event of events) seen.#add(event);
    } catch (cause) {
      throw failed(cause);
    }
    return seen;
  }

  /** The number of users with feedback, and of pairs of user and item. */
  get size(): { readonly users: number; readonly pairs: number } {
    return { users: this.#items.size, pairs: this.#pairs };
  }

  /** The items of a user, each once, those with the newest feedback last; undefined where there are none. */
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

  /** Appends events to the log, then counts their items as seen. Resolves with how many were new. Throws `bad-feedback` for an event that the log refuses, `feedback-failed` when they are not kept. */
  async append(events: readonly FeedbackEvent[]): Promise<number> {
    let added: number;
    try {
      added = await this.#log.append(events);
    } catch (cause) {
      throw cause instanceof TaurecError && cause.code === 'bad-feedback' ? cause : failed(cause);
    }
    for (const event of events) this.#add(event);
    return added;
  }

  /** Throws `feedback-failed` when the log cannot be reached. */
  async check(): Promise<void> {
    try {
      await this.#log.check();
    } catch (cause) {
      throw failed(cause);
    }
  }

  #add({ user, item }: FeedbackEvent): void {
    let items = this.#items.get(user);
    if (!items) {
      items = new Set();
      this.#items.set(user, items);
    }
    const before = items.size;
    // What is put in again goes to the end: sets keep the order in which it was put in.
    items.delete(item);
    items.add(item);
    this.#pairs += items.size - before;
    this.#lists.delete(user);
  }
}

function failed(cause: unknown): TaurecError {
  return new TaurecError(
    'feedback-failed',
    { reason: cause instanceof Error ? cause.message : String(cause) },
    { cause },
  );
}
