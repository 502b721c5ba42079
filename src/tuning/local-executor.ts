import { hostname } from 'node:os';
import { join } from 'node:path';
import type { TrainingData } from '../training/training-state.ts';
import { doRun } from './do-run.ts';
import type { Executor, RunContext, RunTask } from './executor.ts';
import { keyText, type RunKey, type RunOutcome } from './study.ts';

/** Does trainings in this process, several at a time, and divides the cores among them: fewer trainings have more threads each, which changes no result. */
export class LocalExecutor implements Executor {
  readonly capacity: number;
  readonly #data: TrainingData;
  readonly #threads: number;
  readonly #folder: string;

  /** @param threads of all trainings together @param folder of the study */
  constructor(data: TrainingData, jobs: number, threads: number, folder: string) {
    this.capacity = jobs;
    this.#data = data;
    this.#threads = threads;
    this.#folder = folder;
  }

  threads(sideBySide: number) {
    return { all: this.#threads, one: Math.max(1, Math.floor(this.#threads / Math.max(1, sideBySide))) };
  }

  run(task: RunTask, { signal, sideBySide, onNews }: RunContext): Promise<RunOutcome> {
    return doRun(this.#data, task, {
      threads: this.threads(sideBySide).one,
      signal,
      directory: join(this.#folder, checkpointFolder(task.key)),
      worker: `${hostname()}:${process.pid}`,
      onNews,
    });
  }

  async settled(): Promise<void> {}

  async ended(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Where the checkpoint of a training lies in the study's folder. */
export function checkpointFolder(key: RunKey): string {
  return join('checkpoints', keyText(key));
}
