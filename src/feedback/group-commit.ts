import { TaurecError } from '../errors.ts';
import type { FeedbackRow } from './check-events.ts';
import type { FeedbackStore } from './feedback-store.ts';

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
