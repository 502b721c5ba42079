import type { RunTask } from '../executor.ts';
import type { Attempt, CurvePoint, RunOutcome } from '../study.ts';

/** Facts of a study that workers must share to serve it. JSON-able. */
export interface StudyFacts {
  /** SHA-256 of the study's identity. */
  readonly id: string;
  readonly taurec: string;
  /** SHA-256 of the training and validation interactions. */
  readonly data: string;
  /** Description of the data for people. */
  readonly source?: string;
}

/** A training in a queue. */
export interface QueuedRun {
  /** Derived from the study and the key of the training, so repeated submissions have the same id. */
  readonly id: string;
  readonly study: string;
  readonly task: RunTask;
}

/** Facts of a checkpoint in the queue; `sha256` is of its bytes. */
export interface CheckpointFacts {
  readonly epoch: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** All that the queue knows of a training. */
export interface RunBoard {
  readonly attempts: readonly Attempt[];
  readonly points: readonly CurvePoint[];
  readonly progress?: { readonly progress: number; readonly eta: number };
  readonly checkpoint?: CheckpointFacts;
  readonly outcome?: RunOutcome;
}

/**
 * A training that a worker holds. When this worker is silent for too long, another one becomes the holder, and every change through this lease returns false.
 * An outcome is written once.
 */
export interface Lease {
  readonly run: QueuedRun;
  /** Makes this worker the holder; false when there is already an outcome. */
  begin(): Promise<boolean>;
  /** Adds an attempt to the board. */
  addAttempt(attempt: Attempt): Promise<boolean>;
  /** A sign of life; false when this worker no longer holds the training. */
  beat(): Promise<boolean>;
  /** Adds points of the curve, which replace those of the same epochs. */
  addPoints(points: readonly CurvePoint[], progress?: RunBoard['progress']): Promise<boolean>;
  /** The latest checkpoint with its bytes. */
  checkpoint(): Promise<{ readonly facts: CheckpointFacts; readonly data: Uint8Array } | undefined>;
  /** Replaces the checkpoint. */
  putCheckpoint(facts: CheckpointFacts, data: Uint8Array): Promise<boolean>;
  /** Counts an error of a machine; returns the count for this training. */
  countError(): Promise<number>;
  /** Writes the outcome; false if another worker has. */
  finish(outcome: RunOutcome): Promise<boolean>;
}

/** `done`: this worker or another has written the outcome. `release`: the training returns to the queue at once. */
export type Verdict = 'done' | 'release';

/** Options of `TrialQueue.work`. */
export interface WorkOptions {
  /** Takes only trainings of studies with these data and this version. */
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
  /** Makes a study known to workers; repeating it is harmless. */
  announce(study: StudyFacts): Promise<void>;
  /** The announced studies. */
  studies(): Promise<StudyFacts[]>;
  /** Removes the study and everything of its trainings. */
  withdraw(study: StudyFacts, runs: readonly string[]): Promise<void>;
  /** Adds a training. One that is in the queue already stays unchanged, unless its job ended without an outcome. */
  submit(run: QueuedRun, facts: StudyFacts): Promise<void>;
  /** The current facts of a training. */
  board(id: string): Promise<RunBoard>;
  /** Bytes of a training's latest checkpoint. */
  checkpoint(id: string): Promise<Uint8Array | undefined>;
  /** Removes the curve and the checkpoint of a training whose outcome is stored elsewhere. */
  clear(id: string): Promise<void>;
  /** Takes trainings and calls the handler for each, until the signal. If a handler throws, its training is released, the work ends, and the error is rethrown. */
  work(handler: (lease: Lease) => Promise<Verdict>, options: WorkOptions): Promise<void>;
  close(): Promise<void>;
}

/** The name of the queue for trainings of one version on one data set, so that workers only see trainings they can do. */
export function queueName({ taurec, data }: Pick<StudyFacts, 'taurec' | 'data'>): string {
  return `taurec-${taurec.replaceAll(/[^\w.-]/g, '-')}-${data.slice(0, 16)}`;
}

/** Options of a queue. */
export interface QueueOptions {
  /** Seconds of silence after which a worker counts as dead. Default 30. */
  readonly lockSeconds?: number;
}

/** Default of `lockSeconds`. */
export const LOCK_SECONDS = 30;
