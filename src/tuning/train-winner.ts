import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { configToJson } from '../training/config.ts';
import type { TrainEvent } from '../training/events.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import type { TrainingData, TrainResult } from '../training/training-state.ts';
import { checkpointFolder, isUnusable } from './local-executor.ts';
import type { TuneResult } from './tune.ts';

/** How `trainWinner` trains, reports and stops. */
export interface TrainWinnerOptions {
  /** Trains once more, on train and validation together. */
  readonly refit?: boolean;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Receives the events of the training. */
  readonly onProgress?: (event: TrainEvent) => void;
}

/**
 * The whole training with the winner's options. If the study has done it and kept its checkpoint, the result is read from there without training. Otherwise, and when that checkpoint is damaged or of another
 * build of the engine (a worker's), it trains with a checkpoint in the study's folder, from which a stopped call continues. The same result as `trainEmbeddings(data, config)`.
 * @throws TaurecError as `trainEmbeddings`
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
        // The first call has no checkpoint: no news.
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
