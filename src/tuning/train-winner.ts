import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { configToJson } from '../training/config.ts';
import type { TrainEvent } from '../training/events.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import type { TrainingData, TrainResult } from '../training/training.ts';
import { checkpointFolder, isUnusable } from './local-executor.ts';
import type { TuneResult } from './tune.ts';

/** Options of `trainWinner`. */
export interface TrainWinnerOptions {
  /** Whether to train once more, on train and validation data together. Default: as in the winner's configuration. */
  readonly refit?: boolean;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Receives the events of the training. */
  readonly onProgress?: (event: TrainEvent) => void;
}

/**
 * Trains the winner of a study in full; gives the same result as `trainEmbeddings(data, config)`. If the study kept the checkpoint of the winner's whole
 * training, the result is read from it without training. If not, or if that checkpoint is damaged or from another build of the engine (a worker's), it
 * trains, with a checkpoint in the study's folder from which a stopped call continues.
 * @throws TaurecError the errors of `trainEmbeddings`
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
        // The missing checkpoint of a first call needs no notice.
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
  // Both checkpoints are unusable: start without one.
  await rm(own, { recursive: true, force: true });
  return trainIn(own);
}
