import { type CarriedError, carryError } from '../platform/carried-error.ts';
import { setPageAddress } from './page-address.ts';

/** The first message to a worker that was started from text. */
export interface WorkerStartMessage {
  /** Address of the page, for relative addresses. */
  readonly page: string | undefined;
  /** What the program is started with. */
  readonly start: unknown;
}

/** The first message of such a worker. */
export type WorkerReply = 'ready' | { readonly failed: CarriedError };

/**
 * Side of the worker: called once, at the top of a program that `startWorker` starts. It awaits the start data, prepares with it, and replies. The function that `prepare`
 * returns runs after the reply and may block the worker. What `prepare` throws is thrown by `startWorker`.
 */
export function onStart<T>(prepare: (start: T) => Promise<() => void>): void {
  const reply = (message: WorkerReply) => globalThis.postMessage(message);
  const begin = async ({ data }: MessageEvent<WorkerStartMessage>) => {
    let run: () => void;
    try {
      setPageAddress(data.page);
      run = await prepare(data.start as T);
    } catch (error) {
      return reply({ failed: carryError(error) });
    }
    reply('ready');
    run();
  };
  globalThis.addEventListener('message', (event) => void begin(event), { once: true });
}
