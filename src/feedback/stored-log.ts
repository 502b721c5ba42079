import { TaurecError } from '../errors.ts';
import { checkEvents } from './check-events.ts';
import type { FeedbackEvent, FeedbackLog, StoredFeedback } from './feedback-log.ts';
import type { FeedbackStore } from './feedback-store.ts';
import { GroupCommit } from './group-commit.ts';

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
