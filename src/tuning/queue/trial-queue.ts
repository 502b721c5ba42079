import type { RunTask } from '../executor.ts';
import type { Attempt, CurvePoint, RunOutcome } from '../study.ts';

/** The facts in which workers must agree with a study. JSON-able. */
export interface StudyFacts {
  /** SHA-256 of the study's identity. */
  readonly id: string;
  readonly taurec: string;
  /** SHA-256 of the training and validation interactions. */
  readonly data: string;
  /** The source of the data, for people. */
  readonly source?: string;
}

/** A training in a queue. */
export interface QueuedRun {
  /** Derived from the study and the training: repeated submissions of a training have the same id. */
  readonly id: string;
  readonly study: string;
  readonly task: RunTask;
}

/** A checkpoint in the queue. */
export interface CheckpointFacts {
  readonly epoch: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** The known facts of a training in a queue. */
export interface RunBoard {
  readonly attempts: readonly Attempt[];
  readonly points: readonly CurvePoint[];
  readonly progress?: { readonly progress: number; readonly eta: number };
  readonly checkpoint?: CheckpointFacts;
  readonly outcome?: RunOutcome;
}

/**
 * A training that a worker holds. Once another worker holds it, because this one was silent too long, every change returns false. An outcome is written once.
 */
export interface Lease {
  readonly run: QueuedRun;
  /** Makes this worker the holder; false when there is already an outcome. */
  begin(): Promise<boolean>;
  addAttempt(attempt: Attempt): Promise<boolean>;
  /** A sign of life; false when this worker no longer holds the training. */
  beat(): Promise<boolean>;
  addPoints(points: readonly CurvePoint[], progress?: RunBoard['progress']): Promise<boolean>;
  checkpoint(): Promise<{ readonly facts: CheckpointFacts; readonly data: Uint8Array } | undefined>;
  putCheckpoint(facts: CheckpointFacts, data: Uint8Array): Promise<boolean>;
  /** Counts an error of a machine; returns the count for this training. */
  countError(): Promise<number>;
  finish(outcome: RunOutcome): Promise<boolean>;
}

/** `done`: this worker or another has written the outcome. `release`: the training returns to the queue at once. */
export type Verdict = 'done' | 'release';

export interface WorkOptions {
  /** Selects the trainings of studies on these data, of this version. */
  readonly facts: Pick<StudyFacts, 'taurec' | 'data'>;
  /** Trainings at a time. */
  readonly jobs: number;
  /** Ends the work after the running handlers have released their trainings. */
  readonly signal: AbortSignal;
}

/** A queue with the results of its trainings. Each training has one worker at a time; after `lockSeconds` of silence another worker gets it. */
export interface TrialQueue {
  /** Largest checkpoint in bytes that the queue keeps. */
  readonly mostCheckpointBytes: number;
  /** Milliseconds between two signs of life. */
  readonly beat: number;
  announce(study: StudyFacts): Promise<void>;
  studies(): Promise<StudyFacts[]>;
  /** Removes the study and everything of its trainings. */
  withdraw(study: StudyFacts, runs: readonly string[]): Promise<void>;
  /** Adds a training; one in the queue is left as it is, unless its job ended without an outcome. */
  submit(run: QueuedRun, facts: StudyFacts): Promise<void>;
  board(id: string): Promise<RunBoard>;
  checkpoint(id: string): Promise<Uint8Array | undefined>;
  /** Removes the curve and the checkpoint of a training whose outcome is stored elsewhere. */
  clear(id: string): Promise<void>;
  /** Takes trainings until the signal. When a handler throws, its training is released, the work ends, and the error is rethrown. */
  work(handler: (lease: Lease) => Promise<Verdict>, options: WorkOptions): Promise<void>;
  close(): Promise<void>;
}

/** The name of the queue for trainings of one version on one data set; workers with others have other queues. */
export function queueName({ taurec, data }: Pick<StudyFacts, 'taurec' | 'data'>): string {
  return `taurec-${taurec.replaceAll(/[^\w.-]/g, '-')}-${data.slice(0, 16)}`;
}

export interface QueueOptions {
  /** Seconds of silence after which a worker counts as dead; default 30. */
  readonly lockSeconds?: number;
}

export const LOCK_SECONDS = 30;
