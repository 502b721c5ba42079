/** The process of one case: trains on synthetic data and prints one JSON line (ScaleRun). `node scale-child.mjs JSON`, where JSON is a ScaleCase. Started by scale.mjs. */

import { peakBytes } from '../../dist/cli/peak-bytes.js';
import { enableFusedMultiplyAdd, syntheticDataset } from '../../dist/index.js';
import { trainEmbeddings } from '../../dist/training/train-embeddings.js';

/** @typedef {{ users: number, items: number, interactions: number, dimension: number, threads: number, seed: number }} ScaleCase */

/**
 * @typedef {object} ScaleRun
 * @property {number} generateSeconds
 * @property {number} openSeconds From the call of `trainEmbeddings` to the first step: opening the engine, drawing the embeddings.
 * @property {number} epochSeconds The fastest epoch.
 * @property {number} dataBytes Resident memory of the process after generating the data, before training.
 * @property {number} peakBytes
 * @property {string} build
 */

/** @type {ScaleCase} */
const { users, items, interactions, dimension, threads, seed } = JSON.parse(process.argv[2]);
enableFusedMultiplyAdd();
const began = performance.now();
const data = syntheticDataset({ users, items, interactions, testRatio: 0, titles: false, seed });
const made = performance.now();
const dataBytes = process.memoryUsage.rss();
let opened = made;
// small cases run up to five epochs, so that other work on the machine matters less
const epochs = Math.max(1, Math.min(5, Math.round(5e6 / interactions)));
const result = await trainEmbeddings(
  data,
  { loss: { name: 'sl', tau: 0.1 }, dimension, epochs, threads, seed },
  {
    onProgress: (event) => {
      if (event.type === 'start') opened = performance.now();
    },
  },
);
/** @type {ScaleRun} */
const run = {
  generateSeconds: (made - began) / 1000,
  openSeconds: (opened - made) / 1000,
  // `seconds` of the history counts from the start of training: differences are the epochs
  epochSeconds: Math.min(...result.history.map(({ seconds }, e) => seconds - (result.history[e - 1]?.seconds ?? 0))),
  dataBytes,
  peakBytes: peakBytes(),
  build: result.engine.build,
};
console.log(JSON.stringify(run));
