import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { ask, model, start } from './harness.ts';

// Not imported by name: those follow what is put in their place.
const { Worker } = workerThreads;
const { readdir } = fs;
/** Puts another class in the place of `Worker`, another function in that of `readdir`, for the threads and looks to come. */
function replace(thread: typeof Worker, look: (read: () => Promise<unknown>) => Promise<unknown> = (read) => read()) {
  workerThreads.Worker = thread;
  fs.readdir = ((...args: Parameters<typeof readdir>) => look(() => readdir(...args))) as typeof readdir;
  syncBuiltinESMExports();
}
afterEach(() => {
  workerThreads.Worker = Worker;
  fs.readdir = readdir;
  syncBuiltinESMExports();
});

/** A thread that runs this text in place of the file. */
const running = (text: string) =>
  class extends Worker {
    constructor() {
      super(text, { eval: true });
    }
  };

/** A class of threads, and the latest of them. */
function watch() {
  const watched: { Thread: typeof Worker; latest?: workerThreads.Worker } = {
    Thread: class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        watched.latest = this;
      }
    },
  };
  return watched;
}

test('a thread that ends as soon as it is ready is no newer model: the older one stays, and later reloads work', async () => {
  const server = await start(await model('ready-and-gone'));
  replace(
    running("require('worker_threads').parentPort.postMessage({ type: 'ready', info: {} }); process.exit(1);"),
    async (read) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return read();
    },
  );
  expect(await server.reload()).toMatchObject({ outcome: 'failed', error: { code: 'scoring-ended' } });
  replace(Worker);
  const { status, text } = await ask(server, '/v1/users/u1/recommendations');
  expect(status, text).toBe(200);
  expect((await server.reload()).outcome).toBe('opened');
});

test('a thread that ends while the directory is looked at is no newer model, either', async () => {
  const server = await start(await model('gone-at-the-look'));
  const watched = watch();
  replace(watched.Thread, async (read) => {
    await watched.latest?.terminate();
    return read();
  });
  expect(await server.reload()).toMatchObject({ outcome: 'failed', error: { code: 'scoring-ended' } });
  replace(Worker);
  const { status, text } = await ask(server, '/v1/users/u1/recommendations');
  expect(status, text).toBe(200);
  expect((await server.reload()).outcome).toBe('opened');
});

test('where the directory cannot be looked at any more the new thread is ended', async () => {
  const server = await start(await model('no-look'));
  const watched = watch();
  let looks = 0;
  replace(watched.Thread, async (read) => {
    if (++looks > 1) throw new Error('no permission');
    return read();
  });
  expect(await server.reload()).toMatchObject({ outcome: 'failed', error: { message: 'no permission' } });
  // What a thread has that is no more.
  expect(watched.latest!.threadId).toBe(-1);
});

test('a server that closes gives up a model that is being opened', async () => {
  const server = await start(await model('never-ready'));
  replace(running('setInterval(() => {}, 1000)'));
  const reload = server.reload();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await server.close();
  expect(await reload).toMatchObject({ outcome: 'failed', error: { code: 'server-closing' } });
});
