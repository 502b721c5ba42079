import type { FeedbackOfUser } from '../recommender/feedback-items.ts';
import type { ExportFormat } from './list-format.ts';
import type { PlainOptions, PlanPart } from './list-plan.ts';

/** What a queue carries for lists (`Work`): a task is a part, whose file goes back with the outcome. */
export interface ListsWork {
  readonly task: ListTask;
  readonly attempt: { readonly worker: string; readonly started: string };
  readonly point: { readonly epoch: number };
  readonly outcome: ListOutcome;
}

/** A part of the lists to make: all that a worker needs except the model. JSON-able. */
export interface ListTask {
  readonly part: PlanPart;
  readonly format: ExportFormat;
  readonly options: PlainOptions;
  /** The part's users; absent: rows of the model. */
  readonly users?: readonly string[];
  /** Feedback of the part's users. */
  readonly feedback?: readonly FeedbackOfUser[];
  /** The engine and its build, as in the plan: other builds round differently. */
  readonly engine: string;
}

/** The file of a finished part; or why no machine could make it. */
export type ListOutcome =
  | { readonly bytes: number; readonly sha256: string }
  | { readonly failed: { readonly code: string; readonly message: string } };
