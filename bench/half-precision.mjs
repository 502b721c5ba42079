/**
 * A served model with embeddings of 32 and of 16 bits: bytes on disk, time to open, memory of the process, and times of lists; each opening in a process of its own, in turn.
 *
 *     node bench/half-precision.mjs [--users N] [--items N] [--dimension N] [--rounds N] [--threads N] [--seed N] [--json]
 */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Recommender, saveModel } from '../dist/index.js';
import { machine } from './speed/machine.mjs';
import { madeUpModel } from './speed/made-up-model.mjs';
import { printReport } from './speed/report.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';
import { median } from './speed/timing.mjs';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    items: { type: 'string', default: '200000' },
    dimension: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    /** The model folder that a child opens. */
    open: { type: 'string' },
  },
});
const [users, items, dimension, rounds, threads, seed] = /** @type {const} */ ([
  'users',
  'items',
  'dimension',
  'rounds',
  'threads',
  'seed',
]).map((name) => Number(values[name]));

/** Opens a model, asks it, and says what it took: milliseconds, and bytes in memory once garbage is collected. @param {string} directory */
async function ask(directory) {
  const started = performance.now();
  const recommender = await Recommender.open(directory, { threads });
  const opened = performance.now();
  recommender.recommend('7', { k: 10 });
  const first = performance.now();
  // Processor time: other programs do not count.
  const processor = () => process.cpuUsage().user / 1000;
  const single = [];
  const folded = [];
  const many = Array.from({ length: 960 }, (_, u) => `${u}`);
  const before = processor();
  recommender.recommend(many, { k: 10 });
  const batch = processor() - before;
  for (let n = 0; n < 40; n++) {
    const at = processor();
    recommender.recommend(`${100 + n}`, { k: 10 });
    single.push(processor() - at);
  }
  for (let n = 0; n < 40; n++) {
    const at = processor();
    recommender.foldIn(Array.from({ length: 10 }, (_, i) => `${n * 10 + i}`));
    folded.push(processor() - at);
  }
  const peak = process.resourceUsage().maxRSS * 1024;
  // A flag of the command line would be refused by the threads that inherit it.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  collect();
  await new Promise((resolve) => setTimeout(resolve, 200));
  collect();
  const held = process.memoryUsage().rss;
  await recommender.close();
  return {
    'open ms': opened - started,
    'first list ms': first - opened,
    'list of 960 ms': batch / 960,
    'single list ms': median(single),
    'fold-in ms': median(folded),
    'peak MiB': peak / 2 ** 20,
    'held MiB': held / 2 ** 20,
  };
}

if (values.open) {
  console.log(JSON.stringify(await ask(values.open)));
} else {
  const rows = await inTemporaryFolder(async (folder) => {
    const of = { f32: join(folder, 'f32'), f16: join(folder, 'f16') };
    const model = madeUpModel({ users, items, dimension, seen: 10, seed });
    for (const precision of /** @type {const} */ (['f32', 'f16'])) await saveModel(of[precision], model, { precision });
    /** @type {Record<string, Awaited<ReturnType<typeof ask>>[]>} */
    const asked = { f32: [], f16: [] };
    for (let round = 0; round < rounds; round++) {
      for (const precision of round % 2 ? ['f16', 'f32'] : ['f32', 'f16']) {
        const flags = ['--open', of[/** @type {'f32'} */ (precision)], '--threads', `${threads}`];
        const child = await promisify(execFile)(process.execPath, [import.meta.filename, ...flags]);
        asked[precision]?.push(JSON.parse(child.stdout));
      }
    }
    const measured = [];
    for (const [precision, all] of Object.entries(asked)) {
      const { size } = await stat(join(of[/** @type {'f32'} */ (precision)], 'embeddings.safetensors'));
      const medians = Object.keys(all[0] ?? {}).map((what) => [
        what,
        median(all.map((one) => one[/** @type {'open ms'} */ (what)])),
      ]);
      measured.push({ precision, 'file MB': size / 1e6, ...Object.fromEntries(medians) });
    }
    return measured;
  });
  const title = `embeddings of 32 and 16 bits: ${users} users, ${items} items, d ${dimension}, ${threads} threads; medians of ${rounds} openings in turn`;
  if (values.json) console.log(JSON.stringify({ machine: machine(), reports: [{ title, rows }] }, null, 2));
  else printReport({ title, rows });
}
