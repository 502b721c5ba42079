/** The thread of `ReadingCheck`: checks the files that it is sent, one after another, as far as they have been read. */

import { parentPort } from 'node:worker_threads';
import { ABANDONED, type CheckTask, DONE, lengthOf, PieceCheck, PROGRESS_BYTES } from './reading-check.ts';

parentPort!.on('message', ({ id, head, parts, progress, checks }: CheckTask) => {
  const pieces = new PieceCheck([head], parts, checks);
  for (let seen = 0; seen >= 0; ) {
    Atomics.wait(progress, 0, seen);
    seen = Atomics.load(progress, 0);
    if (seen === ABANDONED) return;
    pieces.advance(seen === DONE ? lengthOf(parts) : seen * PROGRESS_BYTES);
  }
  parentPort!.postMessage({ id, found: pieces.found() });
});
