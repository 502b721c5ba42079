import { TaurecError } from '../errors.ts';
import {
  checkEvents,
  type FeedbackEvent,
  type FeedbackLog,
  type FeedbackRow,
  type FeedbackStore,
  type StoredFeedback,
  type WantedFeedback,
} from './feedback-log.ts';
import type { ItemEdit, ItemState } from './item-edits.ts';

/** Maximum number of events in a page of `read`. */
const pageLength = 4096;
/** A limit that no log reaches, and that both databases take. */
const ALL = 2 ** 31 - 1;

/** A feedback log in a database: checks events, groups appends into transactions, reads in pages. */
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
      // A page starts after the last sequence, not at an offset, so concurrent appends neither shift nor repeat events.
      const page = await this.store.page(last, pageLength);
      if (page.length > 0) yield page;
      if (page.length < pageLength) return;
      last = page.at(-1)!.sequence;
    }
  }

  async *since(time: number): AsyncGenerator<StoredFeedback[]> {
    for (let [from, after] = [time, 0]; ; ) {
      this.insistOpen();
      const page = await this.store.since(from, after, pageLength);
      if (page.length > 0) yield page;
      if (page.length < pageLength) return;
      [from, after] = [page.at(-1)!.time, page.at(-1)!.sequence];
    }
  }

  async find(user: string, { item, limit = ALL }: WantedFeedback = {}): Promise<StoredFeedback[]> {
    this.insistOpen();
    return this.store.find(user, item, limit);
  }

  async editItems(edits: readonly ItemEdit[]): Promise<readonly ItemState[]> {
    this.insistOpen();
    return edits.length === 0 ? [] : this.store.editItems(edits);
  }

  async *itemStates(after = 0): AsyncGenerator<readonly ItemState[]> {
    for (let last = after; ; ) {
      this.insistOpen();
      const page = await this.store.itemStates(last, pageLength);
      if (page.length > 0) yield page;
      if (page.length < pageLength) return;
      last = page.at(-1)!.sequence;
    }
  }

  async check(): Promise<void> {
    this.insistOpen();
    await this.store.check();
  }

  async forget(user: string): Promise<number> {
    this.insistOpen();
    // Appends that wait may hold events of the user: they are written first.
    await this.commits.drained();
    return this.store.forget(user);
  }

  /** Writes the waiting appends, then closes the store. Further calls return the promise of the first. */
  close(): Promise<void> {
    this.closing ??= this.commits.drained().then(() => this.store.close());
    return this.closing;
  }

  private insistOpen(): void {
    if (this.closing) throw new TaurecError('feedback-closed', { place: this.place });
  }
}

/** Maximum number of events in a transaction; a single larger append still is one transaction. The answers of a transaction's appends come in one turn of the event loop, so this bounds its work. */
const largestGroup = 2000;
/** Maximum number of waiting events, about 100 MB. A single larger append is accepted when nothing else waits. */
const mostWaiting = 200_000;

/** An append that waits for its transaction. */
interface Waiting {
  readonly rows: readonly FeedbackRow[];
  settle(fresh: number): void;
  fail(error: unknown): void;
}

/**
 * Groups appends into transactions: appends that arrive while a transaction runs share the next one, because the wait for the disk is paid once for each transaction.
 * Appends keep their order, and an append is never split. When a transaction fails, all its appends fail.
 */
export class GroupCommit {
  private readonly place: string;
  private readonly write: FeedbackStore['write'];
  private queue: Waiting[] = [];
  /** Events in the queue. */
  private waiting = 0;
  private running: Promise<void> | undefined;

  constructor(place: string, write: FeedbackStore['write']) {
    this.place = place;
    this.write = write;
  }

  /** Resolves with the number of new rows once they are durable. @throws TaurecError `feedback-overload`, and the errors of the store */
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

  /** Resolves when no append is waiting. */
  async drained(): Promise<void> {
    await this.running;
  }

  /** Runs one transaction after another until the queue is empty. */
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

  /** Takes the first appends out of the queue, at least one, and further ones up to `largestGroup` events. */
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
