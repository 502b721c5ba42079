/**
 * The process of a training with checkpoints (bench/resume.mjs); prints one JSON line. `node resume-child.mjs generate|whole|killed|resumed JSON`, where JSON is a Stopped.
 * `killed` ends in the middle of its second epoch by SIGKILL, and prints its line before.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { byteBlocks } from '../../dist/array/byte-blocks.js';
import { peakBytes } from '../../dist/cli/peak-bytes.js';
import { enableFusedMultiplyAdd, loadDataset } from '../../dist/index.js';
import { trainEmbeddings } from '../../dist/training/train-embeddings.js';
import { writeMadeUpLog } from './made-up-log.mjs';

/** @typedef {{ interactions: number, dimension: number, negatives: number, threads: number, seed: number, folder: string }} Stopped */

/** @type {Stopped} */
const { interactions, folder, dimension, negatives, threads, seed } = JSON.parse(process.argv[3] ?? '');
const stage = process.argv[2];
const files = { train: join(folder, 'train.parquet'), test: join(folder, 'test.parquet') };
if (stage === 'generate') {
  await writeMadeUpLog({ interactions, seed, ...files });
  console.log('{}');
} else {
  enableFusedMultiplyAdd();
  const data = await loadDataset({ train: files.train });
  const began = performance.now();
  /** @type {Record<string, number>} Seconds from the call until the first step, and of the checkpoint after the first epoch. */
  const seconds = {};
  let epochEnded = 0;
  let bytes = 0;
  const tell = (/** @type {object} */ more) =>
    console.log(JSON.stringify({ seconds, bytes, peak: peakBytes(), ...more }));
  const { users, items } = await trainEmbeddings(
    data,
    {
      ...{ loss: { name: 'sl', options: { tau: 0.1 } }, neighbors: 'off', dimension, epochs: 2, threads, seed },
      ...{ batch: { negatives }, checkpointEvery: 1 },
    },
    {
      checkpointDirectory: join(folder, stage === 'whole' ? 'whole' : 'stopped'),
      resume: stage === 'resumed',
      onProgress: (event) => {
        if (event.type === 'start') seconds.start = (performance.now() - began) / 1000;
        else if (event.type === 'epoch') epochEnded = performance.now();
        else if (event.type === 'checkpoint' && event.epoch === 1) {
          seconds.checkpoint = (performance.now() - epochEnded) / 1000;
          bytes = statSync(event.path).size;
        } else if (event.type === 'progress' && stage === 'killed' && event.step > 0.75 * event.steps) {
          tell({ step: event.step, steps: event.steps });
          process.kill(process.pid, 'SIGKILL');
        }
      },
    },
  );
  const digest = createHash('sha256');
  for (const { data: rows } of [users, items]) for (const block of byteBlocks(rows)) digest.update(block);
  tell({ digest: digest.digest('hex') });
}
