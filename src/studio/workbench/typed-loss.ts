import type { RunWatch, TrainingTask, TrainResult } from '../../training/training.ts';
import type { LossCheck } from '../session.ts';

/** A place without network, storage or page, where the text of a loss is compiled and run. */
export interface LossBench {
  /** @throws TaurecError `typed-loss` for a text that is no loss, that takes too long, or that throws */
  check(text: string): Promise<LossCheck>;
  /**
   * Trains with a loss in place of that of the configuration.
   * @throws TaurecError as training does, and `typed-loss`
   */
  train(text: string, task: TrainingTask, watch: RunWatch): Promise<TrainResult>;
}
