import { runInCoordinator } from '#run-in-coordinator';
import { TaurecError } from '../errors.ts';
import {
  customObject,
  isBackbone,
  isLoss,
  parseTrainConfig,
  type TrainConfig,
  type TrainConfigInput,
} from './config.ts';
import type { TrainEvent } from './events.ts';
import { runOnThisThread } from './training-run.ts';
import type { TrainingData, TrainingTask, TrainResult } from './training-state.ts';

/** How a training run reports, stops and resumes. */
export interface RunControls {
  /** Stops after the step in progress with error `aborted`, whose facts name the last checkpoint. */
  readonly signal?: AbortSignal;
  /** Receives the one stream of events. */
  readonly onProgress?: (event: TrainEvent) => void;
  /** The folder of `checkpoint.safetensors`; absent: no checkpoints. */
  readonly checkpointDirectory?: string;
  /** Continues the checkpoint in `checkpointDirectory`, bit for bit; without one, starts afresh with a notice. */
  readonly resume?: boolean;
  /**
   * Returns `trainingState` in the result, from which `updateModel` continues with the optimiser's moments. It takes twice the memory of the embeddings, and in a
   * run that chooses the epoch by validation takes it throughout. Default false; `taurec train` keeps it.
   */
  readonly keepState?: boolean;
}

/**
 * Trains embeddings on `data.train` and chooses the epoch on `data.valid` where there is one. A separate thread, the coordinator, and the engine's threads do the
 * work. A loss or backbone given as an object cannot be cloned, so training then runs in the caller's thread; with such a loss, on that thread alone.
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
    const expected = 'a checkpointDirectory with it';
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

/** Runs a training task in the coordinator's thread, or in the caller's where the task holds an object that no thread can receive. */
export async function launch(
  task: TrainingTask,
  onProgress: (event: TrainEvent) => void,
  signal?: AbortSignal,
): Promise<TrainResult> {
  const { config } = task;
  const onThisThread = ownThreadNotice(config);
  if (!onThisThread) return runInCoordinator(task, onProgress, signal);
  onProgress({ type: 'notice', message: onThisThread });
  return runOnThisThread(
    isLoss(config.loss) ? { ...task, config: { ...config, threads: 1 } } : task,
    onProgress,
    signal,
  );
}

/** The reason to train in the caller's thread; undefined where there is none. */
function ownThreadNotice({ loss, backbone, batch }: TrainConfig): string | undefined {
  if (isLoss(loss)) {
    return `Loss ${loss.name} is an object, which threads cannot receive: training runs on one thread. Name it by module for more.`;
  }
  const object = isBackbone(backbone) ? { kind: 'Backbone', name: backbone.name } : customObject(batch);
  if (object) {
    return `${object.kind} ${object.name} is an object, which the training thread cannot receive: training runs in the caller's thread. Name it by module to keep that one free.`;
  }
  return undefined;
}
