// Takes a training, stands still until a byte comes (as on a machine that swaps, or is paused), then tries to change the training as if it still held it, and prints what became of each try.
// node silent-worker.mjs URL LOCK_SECONDS STUDY_FACTS OUTCOME
import { readSync } from 'node:fs';
import { openQueue } from '../../dist/queue/open-queue.js';

const [url, lock, facts, outcome] = process.argv.slice(2);
const queue = await openQueue(url, { lockSeconds: Number(lock) });
const stop = new AbortController();
await queue.work(
  async (/** @type {any} */ lease) => {
    await lease.begin();
    console.log('taken');
    readSync(0, Buffer.alloc(1));
    console.log(
      JSON.stringify({
        beat: await lease.beat(),
        attempt: await lease.addAttempt({ worker: 'silent', fromEpoch: 0, started: '' }),
        points: await lease.addPoints([{ epoch: 9, loss: 1, learningRate: 1 }], { progress: 1, eta: 0 }),
        checkpoint: await lease.putFile({ epoch: 9, bytes: 1, sha256: '' }, Uint8Array.of(1)),
        finish: await lease.finish(JSON.parse(outcome)),
      }),
    );
    stop.abort();
    return 'done';
  },
  { facts: JSON.parse(facts), jobs: 1, signal: stop.signal },
);
await queue.close();
