import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { carryError } from '../../platform/carried-error.ts';
import { Gate, type PaceCommand } from '../pace.ts';
import { transferOf } from '../snapshots.ts';
import type { RunMessage } from '../training.ts';
import { runTraining } from '../training-run.ts';
import type { CoordinatorTask } from './coordinator.ts';

/** The thread of a training: unlike the caller's thread it may block. It opens the engine, which starts further threads. */
const { data, config, stop, paced, snapshots, ...options } = workerData as CoordinatorTask;
const port = parentPort!;
const post = (message: RunMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

/** The gate of a run with a pace. Between steps the thread does not return to its event loop, where commands would come by themselves; while the run waits it does. */
function openGate(): Gate {
  const gate = new Gate(() => {
    for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port))
      gate.take(received.message);
  });
  port.on('message', (command: PaceCommand) => gate.take(command));
  return gate;
}

try {
  const result = await runTraining(data, config, {
    onEvent: (event) => post({ type: 'event', event }),
    aborted: () => Atomics.load(stop, 0) !== 0,
    ...options,
    gate: paced ? openGate() : undefined,
    snapshots: snapshots && {
      ...snapshots,
      send: (snapshot) => post({ type: 'snapshot', snapshot }, transferOf([snapshot.items, snapshot.users])),
    },
  });
  post({ type: 'result', result }, transferOf([result.users, result.items]));
} catch (error) {
  post({ type: 'error', error: carryError(error) });
}
