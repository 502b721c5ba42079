import type { Matrix } from '../../array/matrix.ts';
import type { TrainConfig } from '../../training/config.ts';
import type { Phase, TrainEvent } from '../../training/events.ts';
import type { TrainingData, TrainResult } from '../../training/training.ts';
import type { LossCheck } from '../session.ts';

/** The embeddings at the end of an epoch. */
export interface EpochView {
  readonly phase: Phase;
  readonly epoch: number;
  /** c of the popularity prior that lists are ranked with. */
  readonly popularityPrior: number;
  readonly users: Matrix;
  readonly items: Matrix;
}

/** How a training is followed, held and stopped. */
export interface TrainingWatch {
  onEvent(event: TrainEvent): void;
  onEpoch(view: EpochView): void;
  /** Called after every step: the training waits for the promise that it returns. */
  hold(): Promise<void> | undefined;
  readonly signal: AbortSignal;
}

/** A place without network, storage or page, where the text of a loss is compiled and run. */
export interface LossBench {
  /** @throws TaurecError `typed-loss` for a text that is no loss, that takes too long, or that throws */
  check(text: string): Promise<LossCheck>;
  /**
   * Trains with a loss. `config.loss` is left out of account.
   * @throws TaurecError as training does, and `typed-loss`
   */
  train(text: string, data: TrainingData, config: TrainConfig, watch: TrainingWatch): Promise<TrainResult>;
}
