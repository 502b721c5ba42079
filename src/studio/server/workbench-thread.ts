import { MessageChannel, Worker } from 'node:worker_threads';
import { TaurecError } from '../../errors.ts';
import { workerFlags } from '../../platform/worker-flags.ts';
import { type Port, PortSession } from '../calls.ts';
import type { Session } from '../session.ts';
import type { WorkbenchTask } from './workbench-worker.ts';

/** Milliseconds that trainings get to stop after their step. */
const STOPPING_MS = 10_000;

/** What helps when the thread has ended. */
const remedy = 'End taurec studio (Ctrl+C) and start it again: finished runs are kept.';

/** What does the work of a studio. */
export interface StudioWork {
  readonly session: Session;
  /** Stops the trainings, each of which keeps its last checkpoint, and ends the session. */
  end(): Promise<void>;
}

/**
 * Starts a workbench over a folder in a thread of its own, so that the server answers while it trains.
 * @param onLost called once where the thread ends by itself, as by an error that nothing caught or for want of memory
 */
export function workbenchThread(
  folder: string,
  { threads }: { readonly threads?: number },
  onLost?: () => void,
): StudioWork {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./workbench-worker.js', import.meta.url), {
    workerData: { folder, threads, port: port2 } satisfies WorkbenchTask,
    transferList: [port2],
    name: 'taurec-workbench',
    execArgv: workerFlags(),
  });
  // The ports of Node have what those of pages have, under other types.
  const session = new PortSession(port1 as unknown as Port);
  let ending = false;
  const lost = (reason: string) => {
    session.fail(new TaurecError('session-lost', { reason, remedy }));
    if (!ending) onLost?.();
    ending = true;
  };
  worker.on('error', ({ message }) => lost(`its thread ended: ${message}`));
  worker.on('exit', () => lost('its thread ended'));
  return {
    session,
    async end() {
      ending = true;
      let late: NodeJS.Timeout | undefined;
      const stopped = session.close().catch(() => {});
      await Promise.race([
        stopped,
        new Promise((resolve) => {
          late = setTimeout(resolve, STOPPING_MS);
        }),
      ]);
      clearTimeout(late);
      port1.close();
      await worker.terminate();
    },
  };
}
