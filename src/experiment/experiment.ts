import type { UserColumns } from '../evaluation/compare.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import type { ClaimVerdict, Section } from '../report/report.ts';
import type { FailedRun, RunRecord, RunSpec } from './run.ts';
import type { ExperimentConfig, ExperimentSettings } from './settings.ts';

/** Where an experiment has its trainings done. A run that was done before, in this call or an earlier one, is not done again. */
export interface Lab {
  /** Runs them, several at a time, and gives their records in the order of the specifications. @param title The stage's name in progress output. @throws TaurecError `failed-run` when one diverged, also earlier */
  runAll(title: string, specs: readonly RunSpec[]): Promise<RunRecord[]>;
  /** As `runAll`; a training that diverges leaves a record that says so, and the others go on. */
  tryAll(title: string, specs: readonly RunSpec[]): Promise<(RunRecord | FailedRun)[]>;
  /** As `runAll`, one at a time and with all threads, for runs whose duration matters. */
  runAlone(title: string, specs: readonly RunSpec[]): Promise<RunRecord[]>;
  /** Each user's numbers of a run whose specification asked for them. */
  perUser(record: RunRecord, protocol: Protocol): UserColumns;
}

/** An experiment of the papers, as a command: which runs it needs, and what they say about its claims. */
export interface Experiment {
  readonly name: string;
  readonly title: string;
  /** What it tests, in a paragraph. */
  readonly summary: string;
  /** Papers and sections. */
  readonly source: string;
  /** Default settings, over the common ones. */
  readonly defaults: ExperimentConfig;
  /** Asks the laboratory for runs and says what they show. */
  run(lab: Lab, settings: ExperimentSettings): Promise<Findings>;
}

/** What an experiment found: claims, figures and tables for its report. */
export interface Findings {
  readonly claims: readonly ClaimVerdict[];
  readonly sections: readonly Section[];
}
