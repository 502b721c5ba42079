import type { Attempt, CurvePoint, Run, RunKey, RunOutcome } from './study.ts';

/** A training to do: all that a worker needs except the data. JSON-able. */
export interface RunTask {
  readonly key: RunKey;
  /** The training configuration as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The validation metric to report. */
  readonly metric: string;
}

/** What a queue carries for a study (`Work`). */
export interface TrainingWork {
  readonly task: RunTask;
  readonly attempt: Attempt;
  readonly point: CurvePoint;
  readonly outcome: RunOutcome;
}

/** News of a running training. */
export type RunNews =
  | {
      /** A worker began, or continued after `fromEpoch` epochs. */
      readonly type: 'begun';
      readonly worker: string;
      readonly fromEpoch: number;
      /** ISO 8601; default: now. */
      readonly started?: string;
    }
  | { readonly type: 'point'; readonly point: CurvePoint }
  /** At most five a second: the finished fraction of the training, and the seconds left. */
  | { readonly type: 'progress'; readonly progress: number; readonly eta: number }
  /** A checkpoint was written; its path, if it is on this machine. */
  | { readonly type: 'checkpoint'; readonly path?: string }
  | { readonly type: 'notice'; readonly message: string };

/** The surroundings of a training within a study. */
export interface RunContext {
  readonly signal: AbortSignal;
  /** Number of trainings that run at the same time, including this one. */
  readonly sideBySide: number;
  readonly onNews: (news: RunNews) => void;
}

/** Does trainings: in this process, or through workers elsewhere. */
export interface Executor {
  /** Parallel trainings. */
  readonly capacity: number;
  /** Threads of all trainings together, and of one training when `sideBySide` of them run; for estimates of time. @param runs all runs of the study so far */
  threads(sideBySide: number, runs: readonly Run[]): { readonly all: number; readonly one: number };
  /**
   * Does a training, or continues it from its checkpoint.
   * @throws TaurecError `aborted` on the signal, with the checkpoint kept; any other error of training except `diverged` and `bad-option`, which are outcomes
   */
  run(task: RunTask, context: RunContext): Promise<RunOutcome>;
  /** Called after the outcome of a training is stored in the study. */
  recorded(key: RunKey): Promise<void>;
  /** Called at the end of the study, with all of its trainings. */
  ended(keys: readonly RunKey[]): Promise<void>;
  close(): Promise<void>;
}
