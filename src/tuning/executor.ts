import type { CurvePoint, Run, RunKey, RunOutcome } from './study.ts';

/** A training that is to be done: all that a worker must know but the data. JSON-able. */
export interface RunTask {
  readonly key: RunKey;
  /** The training configuration as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The validation metric whose value is wanted. */
  readonly metric: string;
}

/** What happens to a training before it is over. */
export type RunNews =
  | {
      /** Somebody began, or went on after `fromEpoch` epochs. */
      readonly type: 'begun';
      readonly worker: string;
      readonly fromEpoch: number;
      /** ISO 8601; now when it is not said. */
      readonly started?: string;
    }
  | { readonly type: 'point'; readonly point: CurvePoint }
  /** At most five a second: the part of the training that is done, and the seconds that are left. */
  | { readonly type: 'progress'; readonly progress: number; readonly eta: number }
  /** A checkpoint was written: its path, where this machine has it. */
  | { readonly type: 'checkpoint'; readonly path?: string }
  | { readonly type: 'notice'; readonly message: string };

export interface RunContext {
  readonly signal: AbortSignal;
  /** How many trainings will be running at a time about now, this one included. */
  readonly sideBySide: number;
  readonly onNews: (news: RunNews) => void;
}

/** Where trainings are done: in this process, or by workers elsewhere. */
export interface Executor {
  /** Trainings at a time. */
  readonly capacity: number;
  /** Threads of all of them together, and of one when so many run; for estimates of time. @param runs of the study so far */
  threads(sideBySide: number, runs: readonly Run[]): { readonly all: number; readonly one: number };
  /**
   * Does a training, or goes on with it where there is a checkpoint of it.
   * @throws TaurecError `aborted` on the signal, the checkpoint is then kept; whatever else training throws but `diverged` and `bad-option`, which are outcomes
   */
  run(task: RunTask, context: RunContext): Promise<RunOutcome>;
  /** Called when the outcome of a training is in the study for good. */
  recorded(key: RunKey): Promise<void>;
  /** Called when the study is over, with all of its trainings. */
  ended(keys: readonly RunKey[]): Promise<void>;
  close(): Promise<void>;
}
