import type { FeedbackRow } from './check-events.ts';
import type { StoredFeedback } from './feedback-log.ts';

/** What the thread of an SQLite log is started with. */
export interface SqliteStart {
  readonly path: string;
  /** The table as SQL, and as text. */
  readonly table: string;
}

/** What it is asked to do, by name, with arguments and answers. */
export interface SqliteCalls {
  open: { arguments: []; answer: { problem?: string } };
  write: { arguments: [appends: readonly (readonly FeedbackRow[])[]]; answer: number[] };
  page: { arguments: [after: number, limit: number]; answer: StoredFeedback[] };
  check: { arguments: []; answer: undefined };
  close: { arguments: []; answer: undefined };
}

export interface SqliteRequest<Name extends keyof SqliteCalls = keyof SqliteCalls> {
  readonly call: number;
  readonly name: Name;
  readonly arguments: SqliteCalls[Name]['arguments'];
}

export interface SqliteReply {
  readonly call: number;
  readonly answer?: SqliteCalls[keyof SqliteCalls]['answer'];
  /** The driver's error: errors lose their code on the way between threads. */
  readonly error?: { readonly message: string; readonly code?: string };
}
