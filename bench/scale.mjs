/**
 * Measures the life of a model from a Parquet file to a list, at growing sizes: reading, an epoch, the neighbour term, evaluation of 20,000 users, saving, opening; each stage of a size in a process of its own, with its peak of memory.
 * The log is made up (speed/made-up-log.mjs). Peaks count everything that the process holds, the evaluation's ranking engine too.
 *
 *     node bench/scale.mjs [--millions 1,3,10] [--dimension N] [--negatives N] [--threads N] [--seed N] [--folder DIR] [--json]
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { relativeLeastSquares } from './speed/least-squares.mjs';
import { machine } from './speed/machine.mjs';
import { printReport } from './speed/report.mjs';

const { values } = parseArgs({
  options: {
    millions: { type: 'string', default: '1,3,10' },
    dimension: { type: 'string', default: '64' },
    negatives: { type: 'string', default: '2048' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});

/** Runs a stage in its own process. @param {string} stage @param {import('./speed/life-child.mjs').Life} life */
async function run(stage, life) {
  const child = join(import.meta.dirname, 'speed/life-child.mjs');
  const running = promisify(execFile)(process.execPath, [child, stage, JSON.stringify(life)]);
  running.child.stderr?.pipe(process.stderr);
  return JSON.parse((await running).stdout);
}

/** @type {import('./speed/report.mjs').Row[]} */
const rows = [];
for (const millions of values.millions.split(',').map(Number)) {
  const folder = await mkdtemp(join(resolve(values.folder), 'taurec-scale-'));
  const { dimension, negatives, threads, seed } = Object.fromEntries(
    ['dimension', 'negatives', 'threads', 'seed'].map((name) => [name, Number(values[/** @type {'seed'} */ (name)])]),
  );
  const life = { interactions: millions * 1e6, dimension, negatives, threads, seed, folder };
  try {
    const made = await run('generate', life);
    const trained = await run('train', life);
    const opened = await run('open', life);
    const { read, engine, epoch, processor, rest, evaluate, save } = trained.seconds;
    rows.push({
      ...{
        'interactions M': millions,
        'merged M': trained.merged / 1e6,
        'users k': trained.users / 1e3,
        'items k': trained.items / 1e3,
      },
      ...{
        'Parquet MB': made.fileBytes / 1e6,
        'read s': read,
        'engine s': engine,
        'epoch s': epoch,
        'processor s': processor,
        'neighbours s': rest,
        'evaluate s': evaluate,
        'save s': save,
      },
      ...{
        'peak GiB': trained.peak / 2 ** 30,
        'open s': opened.seconds.open,
        'first list s': opened.seconds.recommend,
      },
      ...{ 'peak of open GiB': opened.peak / 2 ** 30, 'NDCG@20': trained.ndcg, load: machine().load ?? 0 },
    });
    console.error(JSON.stringify(rows.at(-1)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
/** @param {string} what */
const growth = (what) => {
  const x = rows.map((row) => [Number(row['interactions M']), 1]);
  const y = rows.map((row) => Number(row[what]));
  const [each = 0, fixed = 0] = relativeLeastSquares(x, y);
  const misses = x.map(([millions = 0], e) => Math.abs((each * millions + fixed) / (y[e] ?? 1) - 1));
  return { figure: what, 'per million': each, fixed, 'farthest size %': 100 * Math.max(...misses) };
};
const figures = ['read s', 'epoch s', 'neighbours s', 'evaluate s', 'save s', 'open s', 'peak GiB'];
const reports = [
  { title: `scale: d ${values.dimension}, 256 users × ${values.negatives} negatives, ${values.threads} threads`, rows },
  ...(rows.length > 2 ? [{ title: 'scale: linear fit', rows: figures.map(growth) }] : []),
];
if (values.json) console.log(JSON.stringify({ machine: machine(), reports }, null, 2));
else for (const report of reports) printReport(report);
