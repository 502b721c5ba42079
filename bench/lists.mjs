/**
 * Lists for everybody: the rate of `exportRecommendations` against that of the product kernel alone, in turn, on a made-up model (`speed/made-up-model.mjs`).
 *
 *     node bench/lists.mjs [--users 200000] [--items 50000] [--dimension 64] [-k 20] [--seen 30] [--threads 2] [--format parquet] [--rounds 3] [--against DIR] [--json]
 *
 * The work is users × items × d multiply-adds. `GFLOP/s of processor` divides it by the processor seconds of the whole process, which other work on the machine affects least; `share` divides that by the kernel's own rate,
 * on the same number of threads, right before. `ranking` is the engine's call alone, with the same masks. `--against DIR` is another built checkout, which reads the same model.
 */
import { rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { enableFusedMultiplyAdd, saveModel } from '../dist/index.js';
import { machine } from './speed/machine.mjs';
import { madeUpModel } from './speed/made-up-model.mjs';
import { measureKernel, runnableBuilds } from './speed/measure-kernel.mjs';
import { tableLines } from './speed/report.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';
import { median } from './speed/timing.mjs';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '200000' },
    items: { type: 'string', default: '50000' },
    dimension: { type: 'string', default: '64' },
    k: { type: 'string', short: 'k', default: '20' },
    seen: { type: 'string', default: '30' },
    threads: { type: 'string', default: '2' },
    format: { type: 'string', default: 'parquet' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    against: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [users, items, dimension, k, seen, threads, rounds, seed] = [
  values.users,
  values.items,
  values.dimension,
  values.k,
  values.seen,
  values.threads,
  values.rounds,
  values.seed,
].map(Number);
/** Users of one call of the engine. */
const BLOCK = 1024;
const flop = 2 * users * items * dimension;
enableFusedMultiplyAdd();
const build = (await runnableBuilds()).includes('simd-fma') ? 'simd-fma' : 'simd';

/** Seconds of `work`, and processor seconds of the whole process meanwhile. @param {() => unknown} work */
async function spent(work) {
  const [before, began] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - began) / 1000, processor: (user + system) / 1e6 };
}

await inTemporaryFolder(async (/** @type {string} */ folder) => {
  const place = join(folder, 'model');
  await saveModel(place, madeUpModel({ users, items, dimension, seen, seed }));
  const checkouts = {
    here: join(import.meta.dirname, '..'),
    ...(values.against && { there: resolve(values.against) }),
  };
  /** @type {Record<string, Record<string, number[]>>} */
  const figures = {};
  /** @type {(what: string, all: Record<string, number>) => void} */
  const add = (what, all) => {
    figures[what] ??= {};
    for (const [name, value] of Object.entries(all)) {
      const column = figures[what];
      column[name] ??= [];
      column[name].push(value);
    }
  };
  for (let round = 0; round < rounds; round++) {
    for (const [name, checkout] of Object.entries(checkouts)) {
      const { Recommender, exportRecommendations, openModel } = await import(join(checkout, 'dist/index.js'));
      const kernel = await measureKernel('product: scores', { build, threads, rounds: 40, warmup: 5, seed });
      // One thread: the kernel's rate for each second of a processor.
      const alone = await measureKernel('product: scores', { build, threads: 1, rounds: 40, warmup: 5, seed });
      add(`kernel, ${name}`, { 'GFLOP/s': kernel.median / 1e9, 'GFLOP/s of processor': alone.best / 1e9 });
      const recommender = await Recommender.open(place, { threads, build });
      const model = await openModel(place);
      const output = join(folder, `lists.${values.format}`);
      const rank = () => rankAll(recommender.engine, model);
      const write = () => exportRecommendations(recommender, output, { k });
      // The engine packs the items at its first ranking, and V8 compiles the kernels.
      await exportRecommendations(recommender, output, { k, users: Array.from({ length: BLOCK }, (_, u) => u) });
      for (const [what, work] of Object.entries({ ranking: rank, lists: write })) {
        const { seconds, processor } = await spent(work);
        add(`${what}, ${name}`, {
          seconds,
          processor,
          'GFLOP/s': flop / seconds / 1e9,
          'GFLOP/s of processor': flop / processor / 1e9,
          share: flop / seconds / kernel.median,
          'share of processor': flop / processor / alone.best,
        });
      }
      add(`lists, ${name}`, { MB: (await stat(output)).size / 1e6 });
      await rm(output);
      await recommender.close();
    }
  }
  const rows = Object.entries(figures).map(([what, columns]) => ({
    what,
    ...Object.fromEntries(Object.entries(columns).map(([name, all]) => [name, median(all)])),
    ...(columns['share of processor'] && {
      least: Math.min(...columns['share of processor']),
      most: Math.max(...columns['share of processor']),
    }),
  }));
  const about = machine();
  if (values.json) console.log(JSON.stringify({ machine: about, options: values, rows }, null, 2));
  else {
    console.log(`${about.cpu}, ${about.cores} cores, node ${about.node}, load ${about.load.toFixed(2)}\n`);
    for (const line of tableLines(rows)) console.log(line);
  }
});

/** Ranks all users with their seen items masked, and keeps nothing. @param {any} engine @param {any} model */
function rankAll(engine, { seen: { offsets, indices } }) {
  for (let first = 0; first < users; first += BLOCK) {
    const rows = Math.min(BLOCK, users - first);
    const { stride, columns, data } = engine.users;
    const queries = { rows, columns, stride, data: data.subarray(first * stride, (first + rows) * stride) };
    const from = offsets[first];
    const of = (/** @type {number} */ at) => offsets[at] - from;
    const excluded = {
      rows,
      columns: items,
      offsets: Int32Array.from({ length: rows + 1 }, (_, r) => of(first + r)),
      indices: indices.subarray(from, offsets[first + rows]),
    };
    engine.rank({ queries, k, excluded });
  }
}
