/**
 * Compares the approximate index with exact ranking on synthetic embeddings in clusters: recall@20, milliseconds per request, size and build time.
 *
 *     node bench/approximate.mjs [--items 41000,1000000] [--dimension 64] [--score cosine|dot] [--queries 500] [--threads N] [--seed 1] [--json]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomStream } from '../dist/array/random.js';
import { csrFromEntries, matrix, row } from '../dist/extend.js';
import { buildIndex, createModel, enableFusedMultiplyAdd, IdMap, Recommender, saveModel } from '../dist/index.js';
import { machine } from './speed/machine.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';
import { median } from './speed/timing.mjs';

const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '41000,1000000' },
    dimension: { type: 'string', default: '64' },
    score: { type: 'string', default: 'cosine' },
    queries: { type: 'string', default: '500' },
    threads: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const threads = values.threads === undefined ? undefined : Number(values.threads);
enableFusedMultiplyAdd();
/** @type {object[]} */
const results = [];
for (const items of values.items.split(',')) {
  const result = await measure(Number(items));
  results.push(result);
  if (!values.json) console.error(JSON.stringify(result));
}
if (values.json) console.log(JSON.stringify({ machine: machine(), rows: results }, null, 2));
else console.table(results);

/** Saves a model with the given number of items, indexes it, and requests the same lists with and without the index. @param {number} items */
function measure(items) {
  return inTemporaryFolder(async (folder) => {
    const directory = join(folder, 'model');
    await saveModel(directory, madeUp(items));
    const started = performance.now();
    const { bytes } = await buildIndex(directory, {
      threads,
      onProgress: (done, total) => {
        if (!values.json && done % 50_000 === 0) console.error(`${done} of ${total}`);
      },
    });
    const build = (performance.now() - started) / 1000;
    const exact = await asked(directory, 'exact');
    const approximate = await asked(directory, 'approximate');
    const recalls = exact.lists.map((list, u) => list.filter((id) => approximate.lists[u].includes(id)).length / 20);
    return {
      items,
      score: values.score,
      'recall@20': recalls.reduce((a, b) => a + b) / recalls.length,
      'users below .9': recalls.filter((recall) => recall < 0.9).length,
      'exact ms': exact.ms,
      'approximate ms': approximate.ms,
      'open exact ms': exact.open,
      'open approximate ms': approximate.open,
      'index MB': bytes / 1e6,
      'build s': build,
    };
  });
}

/** Requests the lists of all users, one at a time; returns them with the median time of a request. @param {string} directory @param {'exact' | 'approximate'} index */
async function asked(directory, index) {
  const started = performance.now();
  const recommender = await Recommender.open(directory, { index, threads });
  const open = performance.now() - started;
  const lists = [];
  const times = [];
  for (const user of recommender.userIds) {
    const before = performance.now();
    const list = recommender.recommend(user, { k: 20 });
    times.push(performance.now() - before);
    lists.push(list.map(({ id }) => id));
  }
  await recommender.close();
  return { lists, ms: median(times), open };
}

/**
 * A synthetic model. Items come in clusters of a hundred: a centre plus noise of .7 of its length; for inner products their lengths are log-normal. Users are near up to three centres, with shares .6, .3 and .1
 * plus noise, and have seen 30 items of the first.
 * @param {number} items
 */
function madeUp(items) {
  const dimension = Number(values.dimension);
  const users = Number(values.queries);
  const clusters = Math.ceil(items / 100);
  const random = randomStream(Number(values.seed), 'approximate');
  const centres = matrix(clusters, dimension);
  for (let at = 0; at < centres.data.length; at++) centres.data[at] = random.normal();
  const itemTable = matrix(items, dimension);
  for (let i = 0; i < items; i++) {
    const length = values.score === 'dot' ? Math.exp(0.3 * random.normal()) : 1;
    const centre = row(centres, i % clusters);
    for (let c = 0; c < dimension; c++)
      itemTable.data[i * dimension + c] = length * (centre[c] + 0.7 * random.normal());
  }
  const userTable = matrix(users, dimension);
  /** @type {number[]} */
  const rows = [];
  /** @type {number[]} */
  const columns = [];
  for (let u = 0; u < users; u++) {
    const tastes = [0.6, 0.3, 0.1].map((share) => ({ share, cluster: random.integer(clusters) }));
    for (let c = 0; c < dimension; c++) {
      const mean = tastes.reduce((sum, { share, cluster }) => sum + share * row(centres, cluster)[c], 0);
      userTable.data[u * dimension + c] = mean + 0.2 * random.normal();
    }
    for (let s = 0; s < 30; s++) {
      rows.push(u);
      columns.push(Math.min(items - 1, tastes[0].cluster + clusters * s));
    }
  }
  return createModel({
    config: {
      backbone: 'mf',
      score: values.score === 'dot' ? 'dot' : 'cosine',
      loss: { name: 'sl' },
      training: {},
      seed: Number(values.seed),
      data: { source: 'made up', sha256: '' },
      engine: { name: 'wasm', build: 'simd', threads: 1 },
      epochs: 0,
      steps: 0,
      metrics: {},
    },
    users: userTable,
    items: itemTable,
    userIds: IdMap.fromIds(Array.from({ length: users }, (_, u) => `u${u}`)),
    itemIds: IdMap.fromIds(Array.from({ length: items }, (_, i) => `i${i}`)),
    seen: csrFromEntries(users, items, rows, columns),
  });
}
