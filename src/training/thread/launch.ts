import { runInCoordinator } from '#run-in-coordinator';
import { customObject, isBackbone, isLoss, type TrainConfig } from '../config.ts';
import type { TrainEvent } from '../events.ts';
import type { TrainResult } from '../training-state.ts';
import type { CoordinatorTask } from './coordinator-protocol.ts';
import { runOnThisThread } from './run-on-this-thread.ts';

/** Runs a training task in the coordinator's thread; where it holds an object that no thread can receive, in the caller's. */
export async function launch(
  task: Omit<CoordinatorTask, 'stop'>,
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

/** Why training runs in the caller's thread; undefined where it need not. */
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
