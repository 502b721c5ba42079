import { TaurecError } from '../errors.ts';
import {
  checkEvents,
  type FeedbackEvent,
  type FeedbackLog,
  type FeedbackRow,
  type FeedbackStore,
  type StoredFeedback,
} from './feedback-log.ts';

/** Events read at a time. */
const pageLength = 4096;

/** The feedback log over a database. */
export class StoredLog implements FeedbackLog {
  readonly place: string;
  private readonly store: FeedbackStore;
  private readonly commits: GroupCommit;
  private closing: Promise<void> | undefined;

  constructor(place: string, store: FeedbackStore) {
    this.place = place;
    this.store = store;
    this.commits = new GroupCommit(place, (appends) => store.write(appends));
  }

  async append(events: readonly FeedbackEvent[]): Promise<number> {
    this.insistOpen();
    const rows = checkEvents(events);
    return rows.length === 0 ? 0 : this.commits.add(rows);
  }

  async *read(after = 0): AsyncGenerator<StoredFeedback[]> {
    if (!Number.isSafeInteger(after) || after < 0) {
      throw new TaurecError('bad-option', { option: 'after', got: after, expected: 'a whole number, at least 0' });
    }
    for (let last = after; ; ) {
      this.insistOpen();
      const page = await this.store.page(last, pageLength);
      if (page.length > 0) yield page;
      if (page.length < pageLength) return;
      last = page.at(-1)!.sequence;
    }
  }

  async check(): Promise<void> {
    this.insistOpen();
    await this.store.check();
  }

  /** Writes what waits, then closes. A second call waits for the first. */
  close(): Promise<void> {
    this.closing ??= this.commits.drained().then(() => this.store.close());
    return this.closing;
  }

  private insistOpen(): void {
    if (this.closing) throw new TaurecError('feedback-closed', { place: this.place });
  }
}

/** Events in one transaction, unless a single append has more. */
const largestGroup = 10_000;
/** Events that may wait, unless a single append has more: some 100 MB. */
const mostWaiting = 200_000;

interface Waiting {
  readonly rows: readonly FeedbackRow[];
  settle(fresh: number): void;
  fail(error: unknown): void;
}

/**
 * Appends that arrive while a transaction runs share the next one: what costs is to reach the disk, once a transaction. Appends keep their order, and none is
 * divided. When a transaction fails, so do all its appends.
 */
export class GroupCommit {
  private readonly place: string;
  private readonly write: FeedbackStore['write'];
  private queue: Waiting[] = [];
  private waiting = 0;
  private running: Promise<void> | undefined;

  constructor(place: string, write: FeedbackStore['write']) {
    this.place = place;
    this.write = write;
  }

  /** Resolves with how many rows were new, once they are durable. Throws `feedback-overload` and what the store throws. */
  add(rows: readonly FeedbackRow[]): Promise<number> {
    const { waiting } = this;
    if (waiting > 0 && waiting + rows.length > mostWaiting) {
      const error = new TaurecError('feedback-overload', { place: this.place, waiting, limit: mostWaiting });
      return Promise.reject(error);
    }
    return new Promise((settle, fail) => {
      this.queue.push({ rows, settle, fail });
      this.waiting += rows.length;
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0) {
      const group = this.nextGroup();
      try {
        const fresh = await this.write(group.map(({ rows }) => rows));
        group.forEach(({ settle }, at) => {
          settle(fresh[at]!);
        });
      } catch (error) {
        for (const { fail } of group) fail(error);
      }
    }
    this.running = undefined;
  }

  private nextGroup(): Waiting[] {
    let size = 0;
    let count = 0;
    for (const { rows } of this.queue) {
      if (count > 0 && size + rows.length > largestGroup) break;
      size += rows.length;
      count++;
    }
    this.waiting -= size;
    return this.queue.splice(0, count);
  }
}
