import type { TrainEvent } from '../events.ts';
import { runTraining } from '../training-run.ts';
import type { TrainResult } from '../training-state.ts';
import type { CoordinatorTask } from './coordinator-protocol.ts';

/** How long a run on the caller's thread works before it lets the thread do other things, in milliseconds. */
const SLICE = 50;

/** Trains on the caller's thread, and lets go of it for a moment every 50 ms. */
export function runOnThisThread(
  { data, config, ...options }: Omit<CoordinatorTask, 'stop'>,
  onEvent: (event: TrainEvent) => void,
  signal?: AbortSignal,
): Promise<TrainResult> {
  let rested = performance.now();
  return runTraining(data, config, {
    ...options,
    onEvent,
    aborted: () => signal?.aborted ?? false,
    pause() {
      if (performance.now() - rested < SLICE) return undefined;
      return new Promise((resolve) =>
        setTimeout(() => {
          rested = performance.now();
          resolve();
        }),
      );
    },
  });
}
