import { carryError } from '../platform/carried-error.ts';
import { type PaceCommand, TrainingPace } from '../training/pace.ts';
import { transferOf } from '../training/snapshots.ts';
import type { RunMessage, TrainingTask } from '../training/training.ts';
import { runOnThisThread } from '../training/training-run.ts';
import { onStart } from './worker-start.ts';

/** What a page tells its training. */
export type TrainCommand = PaceCommand | 'abort';

// The program of a training in a browser: it runs in this worker, which returns to its event loop between steps, so that commands come in.
onStart(async (task: TrainingTask) => {
  const controller = new AbortController();
  const pace = new TrainingPace();
  globalThis.addEventListener('message', ({ data }: MessageEvent<TrainCommand>) =>
    data === 'abort' ? controller.abort() : pace[data](),
  );
  return () => void run(task, controller.signal, pace);
});

async function run(task: TrainingTask, signal: AbortSignal, pace: TrainingPace): Promise<void> {
  const post = (message: RunMessage, transfer: Transferable[] = []) => globalThis.postMessage(message, { transfer });
  try {
    const watch = {
      onEvent: (event) => post({ type: 'event', event }),
      onSnapshot: (snapshot) => post({ type: 'snapshot', snapshot }, transferOf([snapshot.items, snapshot.users])),
      ...{ signal, pace },
    } satisfies Parameters<typeof runOnThisThread>[1];
    const result = await runOnThisThread(task, watch, breath);
    post({ type: 'result', result }, transferOf([result.users, result.items]));
  } catch (error) {
    post({ type: 'error', error: carryError(error) });
  }
}

const { port1, port2 } = new MessageChannel();

/** Lets the event loop turn once. Unlike a timer, which browsers delay by 4 ms, it takes no time that nobody needs. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(0);
  });
}
