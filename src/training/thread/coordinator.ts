import { Worker } from 'node:worker_threads';
import { sharedInt32 } from '../../array/shared.ts';
import { TaurecError } from '../../errors.ts';
import { rebuildError } from '../../platform/carried-error.ts';
import { threadProgram } from '../../platform/thread-program.ts';
import { workerFlags } from '../../platform/worker-flags.ts';
import type { PaceCommand } from '../pace.ts';
import type { RunMessage, RunWatch, TrainingTask, TrainResult } from '../training.ts';

/** The task of a coordinator thread. */
export interface CoordinatorTask extends TrainingTask {
  /** [1], shared: not 0 = stop after the step. */
  readonly stop: Int32Array;
  /** The thread is sent commands of its pace. */
  readonly paced: boolean;
}

/**
 * Runs a task in a coordinator thread. The promise resolves to its result or rejects with its error; it rejects with `coordinator-died` when the thread ends
 * without either. When `onEvent` or `onSnapshot` throws, training stops after the step and the promise rejects with that error.
 */
export async function runInCoordinator(
  task: TrainingTask,
  { onEvent, onSnapshot, signal, pace }: RunWatch,
): Promise<TrainResult> {
  const stop = sharedInt32(1);
  const worker = new Worker(threadProgram('training/thread/coordinator-worker', task.config), {
    workerData: { ...task, stop, paced: pace !== undefined } satisfies CoordinatorTask,
    name: 'taurec-coordinator',
    execArgv: workerFlags(),
  });
  const command = (given: PaceCommand) => worker.postMessage(given);
  pace?.attach(command);
  const requestStop = () => {
    Atomics.store(stop, 0, 1);
    // A run that waits must see it.
    if (pace) command('resume');
  };
  signal?.addEventListener('abort', requestStop, { once: true });
  if (signal?.aborted) requestStop();
  try {
    return await new Promise((resolve, reject) => {
      let thrown: { error: unknown } | undefined;
      worker.on('message', (message: RunMessage) => {
        if (message.type === 'result') return thrown ? reject(thrown.error) : resolve(message.result);
        if (message.type === 'error') return reject(thrown ? thrown.error : rebuildError(message.error));
        try {
          if (thrown) return;
          if (message.type === 'snapshot') onSnapshot?.(message.snapshot);
          else onEvent(message.event);
        } catch (error) {
          thrown = { error };
          requestStop();
        }
      });
      worker.on('error', (cause) => reject(new TaurecError('coordinator-died', { reason: cause.message }, { cause })));
      worker.on('exit', (code) => reject(new TaurecError('coordinator-died', { reason: `exit code ${code}` })));
    });
  } finally {
    signal?.removeEventListener('abort', requestStop);
    await worker.terminate();
  }
}
