// What is common to all work that a queue hands out to workers: the queue, its tasks, and the board of each. A study's trainings are such work (tuning/), and the lists of all users (lists/).

/** What a queue carries for one kind of work, as types. All of it is JSON-able. */
export interface Work {
  /** What a worker needs to do a task. */
  readonly task: unknown;
  /** What is noted of each attempt at a task. */
  readonly attempt: unknown;
  /** A point of a task's course. */
  readonly point: { readonly epoch: number };
  /** What comes out of a task; its bytes, if any, are a file. */
  readonly outcome: unknown;
}

/** Facts of a piece of work, such as a study, that workers must share to serve it. JSON-able. */
export interface WorkFacts {
  /** The same whenever the work is continued: the SHA-256 of a study's identity, the random id of a folder of parts. */
  readonly id: string;
  /** Absent: a study. */
  readonly kind?: 'lists';
  readonly taurec: string;
  /** SHA-256 of what every worker has a copy of: the interactions of a study, the model of lists. */
  readonly data: string;
  /** Description of that for people. */
  readonly source?: string;
}

/** A task in a queue. */
export interface QueuedTask<W extends Work = Work> {
  /** Derived from the work and the task's place in it, so repeated submissions have the same id. */
  readonly id: string;
  /** The id of the work. */
  readonly work: string;
  readonly task: W['task'];
}

/** Facts of the file of a task, such as a checkpoint; `sha256` is of its bytes. */
export interface FileFacts {
  /** Of a checkpoint; 0 for other files. */
  readonly epoch: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** All that the queue knows of a task. */
export interface TaskBoard<W extends Work = Work> {
  readonly attempts: readonly W['attempt'][];
  readonly points: readonly W['point'][];
  readonly progress?: { readonly progress: number; readonly eta: number };
  readonly file?: FileFacts;
  readonly outcome?: W['outcome'];
}

/**
 * A task that a worker holds. When this worker is silent for too long, another one becomes the holder, and every change through this lease returns false.
 * An outcome is written once.
 */
export interface Lease<W extends Work = Work> {
  readonly queued: QueuedTask<W>;
  /** Makes this worker the holder; false when there is already an outcome. */
  begin(): Promise<boolean>;
  /** Adds an attempt to the board. */
  addAttempt(attempt: W['attempt']): Promise<boolean>;
  /** A sign of life; false when this worker no longer holds the task. */
  beat(): Promise<boolean>;
  /** Adds points, which replace those of the same epochs. */
  addPoints(points: readonly W['point'][], progress?: TaskBoard['progress']): Promise<boolean>;
  /** The latest file with its bytes. */
  file(): Promise<{ readonly facts: FileFacts; readonly data: Uint8Array } | undefined>;
  /** Replaces the file. */
  putFile(facts: FileFacts, data: Uint8Array): Promise<boolean>;
  /** Counts an error of a machine; returns the count for this task. */
  countError(): Promise<number>;
  /** Writes the outcome; false if another worker has. */
  finish(outcome: W['outcome']): Promise<boolean>;
}

/** `done`: this worker or another has written the outcome. `release`: the task returns to the queue at once. */
export type Verdict = 'done' | 'release';

/** Options of `WorkQueue.work`. */
export interface WorkOptions {
  /** Takes only tasks of work with these data and this version. */
  readonly facts: Pick<WorkFacts, 'taurec' | 'data'>;
  /** Tasks at a time. */
  readonly jobs: number;
  /** Ends the work after the running handlers have released their tasks. */
  readonly signal: AbortSignal;
}

/** A queue with the results of its tasks. Each task has one worker at a time; after `lockSeconds` of silence another worker gets it. */
export interface WorkQueue<W extends Work = Work> {
  /** Largest file in bytes that the queue keeps. */
  readonly mostFileBytes: number;
  /** Milliseconds between two signs of life. */
  readonly beat: number;
  /** Makes work known to workers; repeating it is harmless. */
  announce(work: WorkFacts): Promise<void>;
  /** The announced work, of every kind. */
  works(): Promise<WorkFacts[]>;
  /** Removes a task of the work with everything of it; the work stays announced. */
  forget(work: WorkFacts, task: string): Promise<void>;
  /** Removes the work and everything of its tasks. */
  withdraw(work: WorkFacts, tasks: readonly string[]): Promise<void>;
  /** Adds a task. One that is in the queue already stays unchanged, unless its job ended without an outcome. */
  submit(queued: QueuedTask<W>, facts: WorkFacts): Promise<void>;
  /** The current facts of a task. */
  board(id: string): Promise<TaskBoard<W>>;
  /** Bytes of a task's latest file. */
  file(id: string): Promise<Uint8Array | undefined>;
  /** Removes the points and the file of a task whose outcome is stored elsewhere. */
  clear(id: string): Promise<void>;
  /** Takes tasks and calls the handler for each, until the signal. If a handler throws, its task is released, the work ends, and the error is rethrown. */
  work(handler: (lease: Lease<W>) => Promise<Verdict>, options: WorkOptions): Promise<void>;
  close(): Promise<void>;
}

/** The name of the queue for tasks of one version on one set of data, so that workers only see tasks they can do. */
export function queueName({ taurec, data }: Pick<WorkFacts, 'taurec' | 'data'>): string {
  return `taurec-${taurec.replaceAll(/[^\w.-]/g, '-')}-${data.slice(0, 16)}`;
}

/** Options of a queue. */
export interface QueueOptions {
  /** Seconds of silence after which a worker counts as dead. Default 30. */
  readonly lockSeconds?: number;
}

/** Default of `lockSeconds`. */
export const LOCK_SECONDS = 30;
