import { TaurecError } from '../errors.ts';
import { rebuildError } from '../platform/carried-error.ts';
import { pageAddress } from './page-address.ts';
import type { WorkerReply, WorkerStartMessage } from './worker-start.ts';

/**
 * Starts a Web Worker from the text of its program (a module written by scripts/bundle-programs.mjs), so that no file needs an address of its own. Resolves when the program
 * has taken its start data and is ready (`onStart` in worker-start.ts); the worker is then the caller's to listen to, from the same turn of the event loop on, and to terminate.
 * @param name what it is, for errors
 * @param program the text, a module
 * @param start what the program is started with; it is cloned, and what `transfer` lists is handed over
 * @throws TaurecError `worker-start` if the browser refuses workers, a content security policy blocks them or the program fails at once; whatever the program throws while it prepares
 */
export async function startWorker(
  name: string,
  program: string,
  start: unknown,
  transfer: Transferable[] = [],
): Promise<Worker> {
  const failed = (reason: string, cause?: unknown) =>
    new TaurecError('worker-start', { worker: name, reason }, { cause });
  if (typeof globalThis.Worker === 'undefined') throw failed('this browser has no workers here');
  const url = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
  // A blocked worker is an error event without a reason; the policy that blocked it is an event of the page.
  let policy = '';
  const onViolation = (event: SecurityPolicyViolationEvent) => {
    if (event.blockedURI.startsWith('blob')) policy = `the content security policy has ${event.originalPolicy}`;
  };
  globalThis.addEventListener('securitypolicyviolation', onViolation);
  let made: Worker | undefined;
  try {
    const worker = workerAt(url, failed);
    made = worker;
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<WorkerReply>) =>
        data === 'ready' ? resolve() : reject(rebuildError(data.failed));
      worker.onmessageerror = () => reject(failed('its reply cannot be read'));
      worker.onerror = (event) => {
        event.preventDefault?.();
        // The event of the violation may come after that of the worker.
        setTimeout(() => reject(failed(event.message || policy || 'the browser gives no reason')));
      };
      worker.postMessage({ page: pageAddress(), start } satisfies WorkerStartMessage, transfer);
    });
    return worker;
  } catch (error) {
    made?.terminate();
    throw error;
  } finally {
    URL.revokeObjectURL(url);
    globalThis.removeEventListener('securitypolicyviolation', onViolation);
    if (made) made.onmessage = made.onmessageerror = made.onerror = null;
  }
}

/** Constructs the worker; some browsers throw where others send an event. */
function workerAt(url: string, failed: (reason: string, cause: unknown) => TaurecError): Worker {
  try {
    return new Worker(url, { type: 'module' });
  } catch (error) {
    throw failed((error as Error).message, error);
  }
}
