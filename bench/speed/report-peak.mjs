/** Preloaded into a program (`node --import`): when the program ends, writes its peak resident memory in bytes to the file named by TAUREC_BENCH_PEAK. */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { peakBytes } from '../../dist/cli/peak-bytes.js';

const file = process.env.TAUREC_BENCH_PEAK;
if (isMainThread && file) {
  process.on('exit', () => writeFileSync(file, String(peakBytes())));
}
