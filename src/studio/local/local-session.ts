import { TaurecError } from '../../errors.ts';
import { PortSession } from '../calls.ts';
import type { SandboxRequest } from './loss-protocol.ts';
import { SandboxFrames } from './sandbox-frame.ts';
import type { WorkbenchStart } from './workbench-worker.ts';

/**
 * The session of a page by itself: a workbench in a worker. Nothing leaves the page. Finished runs stay in the browser's private file system, and are there again after a reload and in other tabs.
 * A content security policy must allow `worker-src 'self' blob:`, 'wasm-unsafe-eval', and for typed losses the script of `sandboxScriptDigest`.
 */
export class LocalSession extends PortSession {
  readonly #worker: Worker;
  readonly #frames: SandboxFrames;

  /** @param start makes the worker; by default from the module next to this one, which bundlers find by its address */
  constructor(start: () => Worker = startWorker) {
    const [calls, sandboxes] = [new MessageChannel(), new MessageChannel()];
    super(calls.port1);
    this.#worker = start();
    this.#frames = new SandboxFrames((failure) => sandboxes.port1.postMessage(failure));
    sandboxes.port1.onmessage = ({ data }: MessageEvent<SandboxRequest>) => void this.#frames.take(data);
    const ports: WorkbenchStart = { calls: calls.port2, sandboxes: sandboxes.port2 };
    this.#worker.postMessage(ports, [ports.calls, ports.sandboxes]);
    let begun = false;
    calls.port1.addEventListener('message', () => (begun = true), { once: true });
    this.#worker.onerror = (event) => {
      // A worker that has answered goes on after an error, which the console shows.
      if (begun) return;
      event.preventDefault?.();
      this.#lose(event.message || 'its worker cannot be started');
    };
  }

  /** Ends the worker. A training that runs ends with it; finished runs stay. */
  override async close(): Promise<void> {
    await super.close();
    this.#lose('it was closed');
  }

  #lose(reason: string): void {
    this.fail(new TaurecError('session-lost', { reason }));
    this.#worker.terminate();
    this.#frames.close();
  }
}

function startWorker(): Worker {
  return new Worker(new URL('./workbench-worker.js', import.meta.url), { type: 'module', name: 'taurec-studio' });
}
