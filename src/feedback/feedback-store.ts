import type { FeedbackRow } from './check-events.ts';
import type { StoredFeedback } from './feedback-log.ts';

/** What a database does for a feedback log; checks, groups and closing are the log's (`StoredLog`). */
export interface FeedbackStore {
  /** Writes the rows of some appends in one durable transaction, in order. How many of each were new. Never called while it runs. */
  write(appends: readonly (readonly FeedbackRow[])[]): Promise<number[]>;
  /** The first `limit` events after a place, in order. */
  page(after: number, limit: number): Promise<StoredFeedback[]>;
  check(): Promise<void>;
  close(): Promise<void>;
}
