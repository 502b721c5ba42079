/** The process of one stage of a life (bench/scale.mjs); prints one JSON line. `node life-child.mjs generate|train|open JSON`, where JSON is a Life. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { peakBytes } from '../../dist/cli/peak-bytes.js';
import { enableFusedMultiplyAdd, loadDataset, Recommender, train } from '../../dist/index.js';
import { writeMadeUpLog } from './made-up-log.mjs';

/** @typedef {{ interactions: number, dimension: number, negatives: number, threads: number, seed: number, folder: string }} Life */

enableFusedMultiplyAdd();
/** @type {Life} */
const life = JSON.parse(process.argv[3] ?? '');
const { interactions, dimension, negatives, threads, seed, folder } = life;
const files = { train: join(folder, 'train.parquet'), test: join(folder, 'test.parquet') };
const model = join(folder, 'model');
/** @type {Record<string, number>} */
const seconds = {};
/** @template T @param {string} what @param {() => Promise<T>} work @returns {Promise<T>} */
async function timed(what, work) {
  const started = performance.now();
  const result = await work();
  seconds[what] = (performance.now() - started) / 1000;
  console.error(`${what}: ${seconds[what].toFixed(1)} s, ${(process.memoryUsage.rss() / 2 ** 30).toFixed(2)} GiB`);
  return result;
}

/** @type {Record<string, () => Promise<Record<string, number | string>>>} */
const stages = {
  async generate() {
    await timed('generate', () => writeMadeUpLog({ interactions, seed, ...files }));
    return { fileBytes: statSync(files.train).size };
  },
  async train() {
    const data = await timed('read', () => loadDataset({ train: files.train, test: files.test }));
    let opened = 0;
    let used = process.cpuUsage();
    const began = performance.now();
    const options = { dimension, epochs: 1, threads, seed, batch: { negatives } };
    const trained = await train(data, {
      ...options,
      loss: { name: 'sl', options: { tau: 0.1 } },
      onProgress: (event) => {
        if (event.type === 'start') {
          opened = performance.now();
          used = process.cpuUsage();
        } else if (event.type === 'epoch') used = process.cpuUsage(used);
      },
    });
    seconds.engine = (opened - began) / 1000;
    seconds.epoch = trained.result.history[0]?.seconds ?? 0;
    seconds.processor = (used.user + used.system) / 1e6;
    // What `train` does after its last epoch: the neighbour term, and copies of the embeddings.
    seconds.rest = (performance.now() - opened) / 1000 - seconds.epoch;
    const { epoch, processor, rest } = seconds;
    console.error(
      `epoch: ${epoch.toFixed(1)} s, of a processor ${processor.toFixed(1)} s; after it ${rest.toFixed(1)} s`,
    );
    const sample = { count: 20_000, seed };
    const { metrics } = await timed('evaluate', () => trained.evaluate(undefined, { sample }));
    await timed('save', () => trained.save(model));
    await trained.close();
    const { users, items } = trained.model;
    const merged = data.train.indices.length;
    return {
      users: users.rows,
      items: items.rows,
      merged,
      ndcg: metrics['ndcg@20'] ?? 0,
      build: trained.result.engine.build,
    };
  },
  async open() {
    const recommender = await timed('open', () => Recommender.open(model, { threads }));
    await timed('recommend', async () => recommender.recommend('0', { k: 20 }));
    await recommender.close();
    return {};
  },
};
const found = await stages[process.argv[2] ?? '']?.();
console.log(JSON.stringify({ ...found, seconds, peak: peakBytes() }));
