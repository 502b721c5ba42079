import type { RunNews } from './executor.ts';
import type { Run, RunKey, Trial } from './study.ts';

/** The events of a study; each is JSON-able. */
export type TuneEvent =
  | {
      /** The session begins. */
      readonly type: 'study';
      readonly metric: string;
      /** Maximum number of trials. */
      readonly trials: number;
      /** Trainings at a time. */
      readonly jobs: number;
      /** Length of each rung, as a fraction of the whole training. */
      readonly rungs: readonly number[];
      /** Numbers of trainings that earlier sessions finished, and began but did not finish. */
      readonly done: number;
      readonly begun: number;
    }
  | {
      /** A training begins, or continues after a stop. */
      readonly type: 'run';
      readonly trial: Trial;
      readonly run: Run;
    }
  /** News of a running training. */
  | { readonly type: 'news'; readonly key: RunKey; readonly news: RunNews }
  | {
      /** A training has ended. */
      readonly type: 'over';
      readonly trial: Trial;
      readonly run: Run;
      /** True if its value is the highest of its rung so far. */
      readonly best: boolean;
    };
