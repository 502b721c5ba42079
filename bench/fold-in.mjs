/**
 * Fold-in: lists for people given by items they like, on a model that is trained here (bsl, d 64).
 *
 *     node bench/fold-in.mjs [--data movielens-100k] [--epochs 5] [--loss bsl] [--liked 10] [--rounds 9] [--threads 1] [--against DIR] [--json]
 *
 * For each round and checkout: processor milliseconds and requests a second of `foldIn` and of `recommendFor` with k = 10, in turn. `--against DIR` is another built checkout, which reads the same model. Two processes at
 * once show two cores.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { enableFusedMultiplyAdd, loadDataset, saveModel, train } from '../dist/index.js';
import { machine } from './speed/machine.mjs';
import { tableLines } from './speed/report.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';
import { median } from './speed/timing.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'movielens-100k' },
    epochs: { type: 'string', default: '5' },
    loss: { type: 'string', default: 'bsl' },
    liked: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string', default: '1' },
    against: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const liked = Number(values.liked);
const PEOPLE = 60;
enableFusedMultiplyAdd();

await inTemporaryFolder(async (/** @type {string} */ folder) => {
  const place = join(folder, 'model');
  const source = join(process.env.TAUREC_DATA ?? '../shared/data', values.data, 'train.tsv.gz');
  const trained = await train(await loadDataset({ train: source }), {
    loss: values.loss,
    epochs: Number(values.epochs),
    dimension: 64,
    seed: 1,
    neighbors: 'off',
  });
  await saveModel(place, trained.model);
  const ids = Array.from(trained.itemIds);
  await trained.close();
  const people = Array.from({ length: PEOPLE }, (_, person) =>
    Array.from({ length: liked }, (_, i) => ids[(person * 7919 + i * 104729) % ids.length] ?? ''),
  );
  const checkouts = {
    here: join(import.meta.dirname, '..'),
    ...(values.against && { there: resolve(values.against) }),
  };
  /** @type {Record<string, { ms: number[], rate: number[] }>} */
  const figures = {};
  const open = await Promise.all(
    Object.entries(checkouts).map(async ([name, checkout]) => {
      const { Recommender } = await import(join(checkout, 'dist/index.js'));
      return { name, recommender: await Recommender.open(place, { threads: Number(values.threads) }) };
    }),
  );
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const { name, recommender } of open) {
      const work = {
        'fold-in': (/** @type {string[]} */ items) => recommender.foldIn(items),
        list: (/** @type {string[]} */ items) => recommender.recommendFor(items, { k: 10 }),
      };
      for (const [what, run] of Object.entries(work)) {
        const [spent, began] = [process.cpuUsage(), performance.now()];
        for (const items of people) run(items);
        const { user, system } = process.cpuUsage(spent);
        // The first round is for warming up.
        if (round < 0) continue;
        figures[`${what}, ${name}`] ??= { ms: [], rate: [] };
        figures[`${what}, ${name}`]?.ms.push((user + system) / 1000 / PEOPLE);
        figures[`${what}, ${name}`]?.rate.push((1000 * PEOPLE) / (performance.now() - began));
      }
    }
  }
  for (const { recommender } of open) await recommender.close();
  const rows = Object.entries(figures).map(([what, { ms, rate }]) => ({
    what,
    'processor ms': median(ms),
    'least ms': Math.min(...ms),
    'most ms': Math.max(...ms),
    'requests/s': Math.round(median(rate)),
    'most requests/s': Math.round(Math.max(...rate)),
  }));
  const about = machine();
  if (values.json) console.log(JSON.stringify({ machine: about, options: values, rows }, null, 2));
  else {
    console.log(`${about.cpu}, ${about.cores} cores, node ${about.node}, load ${about.load.toFixed(2)}\n`);
    for (const line of tableLines(rows)) console.log(line);
  }
});
