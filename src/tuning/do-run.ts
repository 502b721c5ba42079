import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TaurecError } from '../errors.ts';
import { parseTrainConfig } from '../training/config.ts';
import type { TrainEvent } from '../training/events.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import type { TrainingData, TrainResult } from '../training/training-state.ts';
import type { RunNews, RunTask } from './executor.ts';
import type { CurvePoint, RunOutcome } from './study.ts';

/** A training in this process. */
export interface LocalRun {
  readonly threads: number;
  readonly signal: AbortSignal;
  /** The run's own folder for its checkpoint; made if need be. */
  readonly directory: string;
  readonly worker: string;
  readonly onNews: (news: RunNews) => void;
}

/** Errors of a checkpoint that another build or version wrote, or that is damaged: the training then begins again. */
const unusable = new Set(['checkpoint-mismatch', 'bad-checkpoint', 'bad-safetensors']);
/** Errors that are the configuration's: it fails everywhere, and others may not. Some options are refused only together, and only by training. */
const failures = new Set(['diverged', 'bad-option']);

export function isUnusable(error: unknown): error is TaurecError {
  return error instanceof TaurecError && unusable.has(error.code);
}

/** Does a training, going on from the checkpoint in its folder where there is one. Throws as `Executor.run`. */
export async function doRun(data: TrainingData, task: RunTask, run: LocalRun): Promise<RunOutcome> {
  try {
    return outcomeOf(await goOn(data, task, run), task.metric);
  } catch (error) {
    if (!(error instanceof TaurecError) || !failures.has(error.code)) throw error;
    return { failed: { code: error.code, message: error.message } };
  }
}

async function goOn(data: TrainingData, task: RunTask, run: LocalRun): Promise<TrainResult> {
  try {
    return await trainRun(data, task, run);
  } catch (error) {
    if (!isUnusable(error)) throw error;
    run.onNews({ type: 'notice', message: `${error.message} Training begins again.` });
    await rm(join(run.directory, 'checkpoint.safetensors'), { force: true });
    return trainRun(data, task, run);
  }
}

/** The training of a task with the checkpoint of its folder; also gives a finished one its result again. */
export function trainRun(
  data: TrainingData,
  { config, metric }: Pick<RunTask, 'config' | 'metric'>,
  { threads, signal, directory, worker, onNews }: LocalRun,
): Promise<TrainResult> {
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
  const checked = { ...parseTrainConfig(config), threads };
  return trainEmbeddings(data, checked as never, { signal, onProgress, checkpointDirectory: directory, resume: true });
}

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
