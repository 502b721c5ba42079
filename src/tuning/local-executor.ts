import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TaurecError } from '../errors.ts';
import { parseTrainConfig } from '../training/config.ts';
import type { TrainEvent } from '../training/events.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import type { TrainingData, TrainResult } from '../training/training.ts';
import type { Executor, RunContext, RunNews, RunTask } from './executor.ts';
import { type CurvePoint, keyText, type RunKey, type RunOutcome } from './study.ts';

/** Does trainings in this process, several at a time, and divides the threads among them. Fewer trainings get more threads each; the number of threads changes no result. */
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

  async recorded(): Promise<void> {}

  async ended(): Promise<void> {}

  async close(): Promise<void> {}
}

/** The folder of a training's checkpoint, relative to the study's. */
export function checkpointFolder(key: RunKey): string {
  return join('checkpoints', keyText(key));
}

/** A training in this process. */
interface LocalRun {
  readonly threads: number;
  readonly signal: AbortSignal;
  /** The folder of this run's checkpoint; created when missing. */
  readonly directory: string;
  readonly worker: string;
  readonly onNews: (news: RunNews) => void;
}

/** Errors of a checkpoint that is damaged or from a different build or version. The training then starts again. */
const unusable = new Set(['checkpoint-mismatch', 'bad-checkpoint', 'bad-safetensors']);
/** Errors that the configuration causes on every machine, so they are outcomes. `bad-option`: training refuses some combinations of options. */
const failures = new Set(['diverged', 'bad-option']);

/** True for an error that says the checkpoint cannot be used. */
export function isUnusable(error: unknown): error is TaurecError {
  return error instanceof TaurecError && unusable.has(error.code);
}

/** Does a training, from the checkpoint in its folder if there is one. @throws TaurecError as `Executor.run` */
export async function doRun(data: TrainingData, task: RunTask, run: LocalRun): Promise<RunOutcome> {
  try {
    return outcomeOf(await goOn(data, task, run), task.metric);
  } catch (error) {
    if (!(error instanceof TaurecError) || !failures.has(error.code)) throw error;
    return { failed: { code: error.code, message: error.message } };
  }
}

/** Does or continues the training. An unusable checkpoint is removed, with a notice, and the training starts again. */
async function goOn(data: TrainingData, task: RunTask, run: LocalRun): Promise<TrainResult> {
  try {
    return await trainRun(data, task, run);
  } catch (error) {
    if (!isUnusable(error)) throw error;
    run.onNews({ type: 'notice', message: `${error.message} Training starts again.` });
    await rm(join(run.directory, 'checkpoint.safetensors'), { force: true });
    return trainRun(data, task, run);
  }
}

/** Trains a task with the checkpoint in its folder. A finished training returns its result again. */
function trainRun(
  data: TrainingData,
  { config, metric }: Pick<RunTask, 'config' | 'metric'>,
  { threads, signal, directory, worker, onNews }: LocalRun,
): Promise<TrainResult> {
  // A validation event has no loss: it follows the epoch event of the same epoch, whose point it completes.
  let latest: Omit<CurvePoint, 'value'> | undefined;
  const onProgress = (event: TrainEvent) => {
    if (event.type === 'start' && event.phase === 'search') {
      onNews({ type: 'begun', worker, fromEpoch: event.resumed ?? 0 });
    } else if (event.type === 'progress') {
      onNews({ type: 'progress', progress: event.step / event.steps, eta: event.eta });
    } else if (event.type === 'epoch') {
      latest = { epoch: event.epoch, loss: event.loss, learningRate: event.learningRate };
      onNews({ type: 'point', point: latest });
    } else if (event.type === 'validation' && latest?.epoch === event.epoch) {
      onNews({ type: 'point', point: { ...latest, value: event.metrics[metric] } });
    } else if (event.type === 'checkpoint') onNews({ type: 'checkpoint', path: event.path });
  };
  // Candidates are compared without a neighbour term, which is chosen after the training of the winner.
  const checked = { ...parseTrainConfig(config), neighbors: 'off', threads };
  return trainEmbeddings(data, checked as never, { signal, onProgress, checkpointDirectory: directory, resume: true });
}

/** The outcome of a finished training. */
function outcomeOf({ history, valid, epoch, config, seconds, engine }: TrainResult, metric: string): RunOutcome {
  return {
    value: valid![metric]!,
    epoch,
    popularityPrior: config.popularityPrior as number,
    seconds: { train: seconds.train, validate: seconds.validate },
    engine,
    curve: history.map(({ epoch, loss, learningRate, valid }) => ({
      epoch,
      loss,
      learningRate,
      ...(valid && { value: valid[metric]! }),
    })),
  };
}
