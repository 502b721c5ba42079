import { parentPort, workerData } from 'node:worker_threads';
import { carryError } from '../../platform/carried-error.ts';
import { runTraining } from '../training-run.ts';
import type { CoordinatorMessage, CoordinatorTask } from './coordinator.ts';

/** The thread of a training: unlike the caller's thread it may block. It opens the engine, which starts further threads. */
const { data, config, stop, ...options } = workerData as CoordinatorTask;
const post = (message: CoordinatorMessage, transfer: ArrayBuffer[] = []) => parentPort!.postMessage(message, transfer);

try {
  const result = await runTraining(data, config, {
    onEvent: (event) => post({ type: 'event', event }),
    aborted: () => Atomics.load(stop, 0) !== 0,
    ...options,
  });
  const buffers = [result.users.data.buffer, result.items.data.buffer];
  post(
    { type: 'result', result },
    buffers.filter((buffer) => buffer instanceof ArrayBuffer),
  );
} catch (error) {
  post({ type: 'error', error: carryError(error) });
}
