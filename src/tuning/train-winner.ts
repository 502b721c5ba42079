import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { configToJson } from '../training/config.ts';
import type { TrainEvent } from '../training/events.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import type { TrainingData, TrainResult } from '../training/training-state.ts';
import { isUnusable } from './do-run.ts';
import { checkpointFolder } from './local-executor.ts';
import type { TuneResult } from './tune.ts';

/** How `trainWinner` trains, and how it is followed and stopped. */
export interface TrainWinnerOptions {
  /** Then trains once more on train and validation together. */
  readonly refit?: boolean;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Receives the stream of events, as that of `train`. */
  readonly onProgress?: (event: TrainEvent) => void;
}

/**
 * The whole training with the winner's options. Where the study has done it and kept its checkpoint the result is read from there, without any training; else it is trained, with a checkpoint in the
 * study's folder, so that a stopped call goes on where it was; so it is when the checkpoint is of another build of the engine (a worker's) or damaged. The same result as `train(data, config)`.
 * @throws TaurecError as `train`
 */
export async function trainWinner(
  data: TrainingData,
  { folder, winner, config }: TuneResult,
  { refit = config.refit, threads, signal, onProgress }: TrainWinnerOptions = {},
): Promise<TrainResult> {
  const whole = { ...config, refit, ...(threads !== undefined && { threads }) };
  const own = join(folder, 'checkpoints', 'winner', `${winner.trial}${refit ? '-refit' : ''}`);
  const kept = !refit && winner.whole && winner.checkpoint !== undefined;
  const folders = kept ? [join(folder, checkpointFolder({ trial: winner.trial, rung: winner.rung })), own] : [own];
  const { train: learned, valid, negativeWeights, splits } = data;
  const trainIn = (checkpointDirectory: string) =>
    trainEmbeddings({ train: learned, valid, negativeWeights, splits }, configToJson(whole) as never, {
      checkpointDirectory,
      resume: true,
      signal,
      onProgress: (event) => {
        // That there is no checkpoint yet is no news.
        if (event.type !== 'notice' || !event.message.includes('no checkpoint')) onProgress?.(event);
      },
    });
  for (const checkpoints of folders) {
    try {
      return await trainIn(checkpoints);
    } catch (error) {
      if (!isUnusable(error)) throw error;
      onProgress?.({ type: 'notice', message: `${error.message} The winner is trained again.` });
    }
  }
  await rm(own, { recursive: true, force: true });
  return trainIn(own);
}
