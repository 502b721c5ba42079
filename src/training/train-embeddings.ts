import { runInCoordinator } from '#run-in-coordinator';
import { TaurecError } from '../errors.ts';
import { isLoss, objectIn, type TrainConfig, type TrainConfigInput } from './config.ts';
import { configFor } from './default-objective.ts';
import type { TrainEvent } from './events.ts';
import type { TrainingPace } from './pace.ts';
import { checkSnapshots, type Snapshot, type SnapshotOptions } from './snapshots.ts';
import type { RunWatch, TrainingData, TrainingTask, TrainResult } from './training.ts';
import { runOnThisThread } from './training-run.ts';

/** Controls of a training run: progress, abort, checkpoints. */
export interface RunControls {
  /** Aborts after the current step with error `aborted`, whose facts name the last checkpoint. */
  readonly signal?: AbortSignal;
  /** Receives every event of the run. */
  readonly onProgress?: (event: TrainEvent) => void;
  /** Receives embeddings at the ends of epochs, as copies: a map of the items can move as it learns. Without it none are made. */
  readonly onSnapshot?: (snapshot: Snapshot) => void;
  /** What snapshots hold and how many there are; only with `onSnapshot`. Default: items alone, at most 10 a second. */
  readonly snapshots?: SnapshotOptions;
  /** Pauses the run, lets it go on, or lets it go on by one epoch. */
  readonly pace?: TrainingPace;
  /** The folder of `checkpoint.safetensors`. Absent: no checkpoints. */
  readonly checkpointDirectory?: string;
  /** Continues the checkpoint in `checkpointDirectory`, bit for bit. Without a checkpoint, training starts from the beginning, with a notice. */
  readonly resume?: boolean;
  /**
   * Returns `trainingState` in the result: the optimiser's moments, from which `updateModel` continues. It takes twice the memory of the embeddings; a run
   * that chooses the epoch by validation holds it throughout. Default false; `taurec train` sets it.
   */
  readonly keepState?: boolean;
}

/** The names of the controls, to tell them from the options of training. */
export const controlNames: readonly string[] = Object.keys({
  signal: true,
  onProgress: true,
  onSnapshot: true,
  snapshots: true,
  pace: true,
  checkpointDirectory: true,
  resume: true,
  keepState: true,
} satisfies Record<keyof RunControls, true>);

/**
 * Trains embeddings on `data.train` and chooses the epoch on `data.valid` where there is one. A separate thread, the coordinator, and the engine's threads do the
 * work. A loss or backbone given as an object cannot be cloned, so training then runs in the caller's thread; with such a loss, on that thread alone.
 *
 * @throws TaurecError `bad-option`, `unknown-name`; `loss-module`, `backbone-module`, `sampler-module`; `aborted`, `diverged`, `checkpoint-mismatch`, `bad-checkpoint`, `coordinator-died`
 */
export async function trainEmbeddings(
  data: TrainingData,
  config: TrainConfigInput = {},
  options: RunControls = {},
): Promise<TrainResult> {
  const { onProgress = () => {}, onSnapshot, signal, pace } = options;
  return launch(trainingTask(data, config, options), { onEvent: onProgress, onSnapshot, signal, pace });
}

/** The task of a run, checked. Tells `onProgress` of an objective that follows from the data. Throws `bad-option`, `unknown-name`, `aborted`. */
export function trainingTask(data: TrainingData, config: TrainConfigInput, options: RunControls): TrainingTask {
  const { config: checked, objective } = configFor(data, config);
  const { signal, onProgress, onSnapshot, snapshots = {}, checkpointDirectory, resume, keepState } = options;
  checkSnapshots(snapshots);
  if (resume && checkpointDirectory === undefined) {
    const expected = 'a checkpointDirectory with it';
    throw new TaurecError('bad-option', { option: 'resume', got: true, expected });
  }
  if (signal?.aborted) throw new TaurecError('aborted');
  if (objective) onProgress?.({ type: 'objective', ...objective });
  const { train, valid, negativeWeights, splits } = data;
  return {
    data: { train, valid, negativeWeights, splits },
    config: checked,
    checkpointDirectory,
    resume,
    keepState,
    snapshots: onSnapshot && snapshots,
  };
}

/** Runs a training task in the coordinator thread, or in the caller's thread if the task holds an object that cannot be sent to another. */
export async function launch(task: TrainingTask, watch: RunWatch): Promise<TrainResult> {
  const { config } = task;
  const onThisThread = ownThreadNotice(config);
  if (!onThisThread) return runInCoordinator(task, watch);
  watch.onEvent({ type: 'notice', message: onThisThread });
  return runOnThisThread(isLoss(config.loss) ? { ...task, config: { ...config, threads: 1 } } : task, watch);
}

/** Why training runs in the caller's thread; undefined if it need not. */
function ownThreadNotice(config: TrainConfig): string | undefined {
  const object = objectIn(config);
  if (!object) return undefined;
  const { kind, name } = object;
  return kind === 'Loss'
    ? `Loss ${name} is an object, which cannot be sent to other threads: training runs on one thread. Give it by module to use more.`
    : `${kind} ${name} is an object, which cannot be sent to the training thread: training runs in the caller's thread. Give it by module to keep that thread free.`;
}
