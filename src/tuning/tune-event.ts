import type { RunNews } from './executor.ts';
import type { Run, RunKey, Trial } from './study.ts';

/** The events of a study; each is JSON-able. */
export type TuneEvent =
  | {
      readonly type: 'study';
      readonly metric: string;
      /** Trials at most. */
      readonly trials: number;
      /** Trainings at a time. */
      readonly jobs: number;
      /** Lengths of the rungs, as parts of the training. */
      readonly rungs: readonly number[];
      /** Trainings that an earlier session finished or began. */
      readonly done: number;
      readonly begun: number;
    }
  | {
      /** A training begins, or continues after a stop. */
      readonly type: 'run';
      readonly trial: Trial;
      readonly run: Run;
    }
  | { readonly type: 'news'; readonly key: RunKey; readonly news: RunNews }
  | {
      /** A training is over. */
      readonly type: 'over';
      readonly trial: Trial;
      readonly run: Run;
      /** True when no earlier training of its rung was as good. */
      readonly best: boolean;
    };
