import { TaurecError } from '../errors.ts';
import { parseTrainConfig, type TrainConfigInput } from './config.ts';
import type { TrainEvent } from './events.ts';
import { launch } from './thread/launch.ts';
import type { TrainingData, TrainResult } from './training-state.ts';

/** How a training run is followed, stopped and continued. */
export interface RunControls {
  /** Stops after the step in progress with error `aborted`, whose facts name the last checkpoint. */
  readonly signal?: AbortSignal;
  /** Receives the one stream of events. */
  readonly onProgress?: (event: TrainEvent) => void;
  /** Where `checkpoint.safetensors` is kept; absent: no checkpoints. */
  readonly checkpointDirectory?: string;
  /** Continues the checkpoint in `checkpointDirectory`, bit for bit; where there is none, starts afresh with a notice. */
  readonly resume?: boolean;
  /**
   * Gives `trainingState` in the result, from which `updateModel` continues with the optimiser's moments. It takes twice the memory of the embeddings, and in a
   * run that chooses the epoch by validation takes it all along. Default false; `taurec train` keeps it.
   */
  readonly keepState?: boolean;
}

/**
 * Trains embeddings on `data.train`, choosing the epoch on `data.valid` where there is one. The work is done in a thread of
 * its own, the coordinator, and the engine's threads; a loss or backbone given as an object cannot be cloned, so training then runs in the caller's thread: with such a
 * loss on that thread alone.
 *
 * @throws TaurecError `bad-option`, `unknown-name`, `aborted`, `diverged`, `checkpoint-mismatch`, `bad-checkpoint`, `coordinator-died`
 */
export async function trainEmbeddings(
  data: TrainingData,
  config: TrainConfigInput = {},
  options: RunControls = {},
): Promise<TrainResult> {
  const checked = parseTrainConfig(config);
  const { signal, onProgress = () => {}, checkpointDirectory, resume, keepState } = options;
  if (resume && checkpointDirectory === undefined) {
    const expected = 'a checkpointDirectory beside it';
    throw new TaurecError('bad-option', { option: 'resume', got: true, expected });
  }
  if (signal?.aborted) throw new TaurecError('aborted');
  const { train, valid, negativeWeights, splits } = data;
  const task = {
    data: { train, valid, negativeWeights, splits },
    config: checked,
    checkpointDirectory,
    resume,
    keepState,
  };
  return launch(task, onProgress, signal);
}
