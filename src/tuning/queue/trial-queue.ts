import type { RunTask } from '../executor.ts';
import type { Attempt, CurvePoint, RunOutcome } from '../study.ts';

/** What workers must have in common with a study. JSON-able. */
export interface StudyFacts {
  /** Names the study: SHA-256 of all that makes it this one. */
  readonly id: string;
  readonly taurec: string;
  /** SHA-256 of the training and validation interactions. */
  readonly data: string;
  /** Where the data came from, for people. */
  readonly source?: string;
}

/** A training in a queue. */
export interface QueuedRun {
  /** Of the study and the training: the same training has the same id, whoever puts it into the queue and however often. */
  readonly id: string;
  readonly study: string;
  readonly task: RunTask;
}

/** A checkpoint that was handed over. */
export interface CheckpointFacts {
  readonly epoch: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What is known of a training in a queue. */
export interface RunBoard {
  readonly attempts: readonly Attempt[];
  readonly points: readonly CurvePoint[];
  readonly progress?: { readonly progress: number; readonly eta: number };
  readonly checkpoint?: CheckpointFacts;
  readonly outcome?: RunOutcome;
}

/**
 * A training that a worker holds. Every change is refused, by false, once another worker holds it: this one was taken for dead. An outcome is written once.
 */
export interface Lease {
  readonly run: QueuedRun;
  /** Makes this worker the holder; false when there is an outcome already. */
  begin(): Promise<boolean>;
  addAttempt(attempt: Attempt): Promise<boolean>;
  /** Says that the worker lives; false when it no longer holds the training. */
  beat(): Promise<boolean>;
  addPoints(points: readonly CurvePoint[], progress?: RunBoard['progress']): Promise<boolean>;
  checkpoint(): Promise<{ readonly facts: CheckpointFacts; readonly data: Uint8Array } | undefined>;
  putCheckpoint(facts: CheckpointFacts, data: Uint8Array): Promise<boolean>;
  /** Errors of machines that the training met before, this one included. */
  countError(): Promise<number>;
  finish(outcome: RunOutcome): Promise<boolean>;
}

/** `done`: the outcome is written, by this worker or another. `release`: the training goes back to the queue at once. */
export type Verdict = 'done' | 'release';

export interface WorkOptions {
  /** Which trainings: those of studies on these data, of this version. */
  readonly facts: Pick<StudyFacts, 'taurec' | 'data'>;
  /** Trainings at a time. */
  readonly jobs: number;
  /** Ends the work once the handlers that run have given back what they hold. */
  readonly signal: AbortSignal;
}

/** An existing queue, and beside it what came of its trainings so far. Trainings reach one worker at a time; that of a worker that is silent for `lockSeconds` reaches another. */
export interface TrialQueue {
  /** Bytes that a checkpoint may have to be kept here. */
  readonly mostCheckpointBytes: number;
  /** Milliseconds between two signs of life. */
  readonly beat: number;
  announce(study: StudyFacts): Promise<void>;
  studies(): Promise<StudyFacts[]>;
  /** Removes the study and all that its trainings left. */
  withdraw(study: StudyFacts, runs: readonly string[]): Promise<void>;
  /** Puts a training in; one that is there stays as it is, unless its job ended without an outcome. */
  submit(run: QueuedRun, facts: StudyFacts): Promise<void>;
  board(id: string): Promise<RunBoard>;
  checkpoint(id: string): Promise<Uint8Array | undefined>;
  /** Removes the curve and the checkpoint of a training whose outcome is kept elsewhere. */
  clear(id: string): Promise<void>;
  /** Takes trainings until the signal. A handler that throws gives its training back, ends the work, and its error is thrown. */
  work(handler: (lease: Lease) => Promise<Verdict>, options: WorkOptions): Promise<void>;
  close(): Promise<void>;
}

/** The name of the queue for trainings on some data by some version: workers that have another meet none of them. */
export function queueName({ taurec, data }: Pick<StudyFacts, 'taurec' | 'data'>): string {
  return `taurec-${taurec.replaceAll(/[^\w.-]/g, '-')}-${data.slice(0, 16)}`;
}

export interface QueueOptions {
  /** Seconds of silence after which a worker counts as dead; default 30. */
  readonly lockSeconds?: number;
}

export const LOCK_SECONDS = 30;
