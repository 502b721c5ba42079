import { syncBuiltinESMExports } from 'node:module';
import workerThreads, { Worker } from 'node:worker_threads';
import { afterAll } from 'vitest';

/** The threads that servers of a test module start, in order, so that a test can end one as an out-of-memory error would. */
export function watchThreads(): readonly Worker[] {
  const threads: Worker[] = [];
  class WatchedWorker extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      threads.push(this);
    }
  }
  workerThreads.Worker = WatchedWorker;
  syncBuiltinESMExports();
  afterAll(() => {
    workerThreads.Worker = Worker;
    syncBuiltinESMExports();
  });
  return threads;
}
