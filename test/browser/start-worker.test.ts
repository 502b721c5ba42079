import { afterEach, expect, test, vi } from 'vitest';
import { startWorker } from '../../src/browser/start-worker.ts';
import { TaurecError } from '../../src/errors.ts';
import { carryError } from '../../src/platform/carried-error.ts';
import { rejectionOf } from '../support/error-of.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Puts a class in place of the browser's `Worker`; `act` is what happens when the start data arrives. Returns the workers that were made. */
function workersThat(act: (worker: FakeWorker) => void) {
  vi.stubGlobal(
    'Worker',
    class extends FakeWorker {
      postMessage(message: unknown): void {
        this.received = message;
        queueMicrotask(() => act(this));
      }
    },
  );
  // Node's global scope has no events.
  for (const name of ['addEventListener', 'removeEventListener']) vi.stubGlobal(name, () => {});
  return { revoked: vi.spyOn(URL, 'revokeObjectURL') };
}

class FakeWorker {
  static last: FakeWorker;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { message?: string }) => void) | null = null;
  received: unknown;
  terminated = false;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    FakeWorker.last = this;
  }
  terminate(): void {
    this.terminated = true;
  }
}

test('resolves when the program is ready, and lets the address go', async () => {
  const { revoked } = workersThat((worker) => worker.onmessage!({ data: 'ready' }));
  const worker = await startWorker('a test', 'program', { some: 'data' });
  expect(worker).toBe(FakeWorker.last);
  expect(FakeWorker.last).toMatchObject({ received: { start: { some: 'data' } }, terminated: false, onmessage: null });
  expect(revoked).toHaveBeenCalledExactlyOnceWith(FakeWorker.last.url);
});

test('throws what the program threw, and ends the worker', async () => {
  const thrown = new TaurecError('unknown-name', { kind: 'loss', got: 'x', known: ['sl'] });
  workersThat((worker) => worker.onmessage!({ data: { failed: carryError(thrown) } }));
  const error = await rejectionOf(startWorker('a test', 'program', {}));
  expect(error).toMatchObject({ code: 'unknown-name', message: thrown.message });
  expect(FakeWorker.last.terminated).toBe(true);
});

test.each([
  [{ message: 'SyntaxError: no' }, 'SyntaxError: no'],
  [{}, 'the browser gives no reason'],
])('an error event %o is worker-start, with the remedy', async (event, reason) => {
  workersThat((worker) => worker.onerror!(event));
  const error = await rejectionOf(startWorker('a test', 'program', {}));
  expect(error).toMatchObject({ code: 'worker-start', facts: { worker: 'a test', reason } });
  expect(error.message).toContain('add blob: to its worker-src');
  expect(FakeWorker.last.terminated).toBe(true);
});

test('a browser that has no workers, or throws, is worker-start', async () => {
  expect(await rejectionOf(startWorker('a test', 'program', {}))).toMatchObject({ code: 'worker-start' });
  workersThat(() => {});
  const cause = new Error('Security');
  vi.stubGlobal('Worker', function refuse() {
    throw cause;
  });
  expect(await rejectionOf(startWorker('a test', 'program', {}))).toMatchObject({ code: 'worker-start', cause });
});
