import type { UserColumns } from '../evaluation/compare.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import type { ClaimVerdict, Section } from '../report/report.ts';
import type { FailedRun, RunRecord, RunSpec } from './run.ts';
import type { ExperimentConfig, ExperimentSettings } from './settings.ts';

/** The interface through which an experiment gets its trainings done. A run that is already recorded, from this call or an earlier one, is not repeated. */
export interface Lab {
  /**
   * Does the runs, several at a time, and returns their records in the order of `specs`.
   * @param title The stage's name in progress output.
   * @throws TaurecError `failed-run` when one diverged, now or in an earlier call
   */
  runAll(title: string, specs: readonly RunSpec[]): Promise<RunRecord[]>;
  /** Like `runAll`, but a diverged training gives a `FailedRun` and the others continue. */
  tryAll(title: string, specs: readonly RunSpec[]): Promise<(RunRecord | FailedRun)[]>;
  /** Like `runAll`, but one run at a time with all threads, for runs whose duration is compared. */
  runAlone(title: string, specs: readonly RunSpec[]): Promise<RunRecord[]>;
  /** The stored records of runs, in the order of `specs`; undefined for a run that is not recorded. Trains nothing. */
  recorded(specs: readonly RunSpec[]): Promise<(RunRecord | FailedRun | undefined)[]>;
  /** Shows a line in the progress output. */
  say(text: string): void;
  /** Each user's numbers of a run whose specification has `perUser`. */
  perUser(record: RunRecord, protocol: Protocol): UserColumns;
}

/** An experiment from the papers, as a command: the runs it needs, and what they show about its claims. */
export interface Experiment {
  readonly name: string;
  readonly title: string;
  /** What the experiment tests, in one paragraph. */
  readonly summary: string;
  /** Papers and sections that make the claims. */
  readonly source: string;
  /** Default settings; they override the common defaults. */
  readonly defaults: ExperimentConfig;
  /** Requests runs from the laboratory and returns what they show. */
  run(lab: Lab, settings: ExperimentSettings): Promise<Findings>;
}

/** What an experiment found: claims, figures and tables for its report. */
export interface Findings {
  readonly claims: readonly ClaimVerdict[];
  readonly sections: readonly Section[];
}
