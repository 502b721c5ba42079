/** One thing that a person did, as an application reports it. */
export interface FeedbackEvent {
  /** Id of the user, known to the model or not. */
  readonly user: string;
  /** Id of the item, known to the model or not. */
  readonly item: string;
  /** Seconds since 1970-01-01 UTC, when it happened. */
  readonly time: number;
  /** What was done: 'view', 'like', 'purchase' … Default 'interaction'. */
  readonly kind?: string;
  /** Weight of the interaction as a positive, > 0. Default 1. */
  readonly weight?: number;
  /** Given by the caller so that a request that is sent twice counts once; absent: every event counts. */
  readonly id?: string;
}

/** An event as the log keeps it: with its place in the log, from 1, strictly ascending. */
export interface StoredFeedback extends FeedbackEvent {
  readonly sequence: number;
}

/** A durable, append-only log of feedback. */
export interface FeedbackLog {
  /** Where it is kept, without a password, for people and logs. */
  readonly place: string;
  /** Appends all events or none. When the promise settles they survive a kill of the process at any moment. Resolves with how many were new (an `id` that is there already is passed over). */
  append(events: readonly FeedbackEvent[]): Promise<number>;
  /** Events after a place in the log, in order, some thousands at a time. */
  read(after?: number): AsyncIterable<StoredFeedback[]>;
  /** Throws when the log cannot be reached: for readiness. */
  check(): Promise<void>;
  /** Ends the log; what was acknowledged is kept. */
  close(): Promise<void>;
}
