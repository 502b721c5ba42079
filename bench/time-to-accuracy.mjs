/**
 * Compares ways to train at equal processor time, on a validation tenth of train (docs/decisions/067-time-to-accuracy.md). The test set is read by `--final` alone.
 *
 *     node bench/time-to-accuracy.mjs --data amazon2014-health --budgets 2,4,8 --variants plain,linear --rates 0.02,0.04 --rows 32,64 --negatives 2048 --seeds 1,2
 *     node bench/time-to-accuracy.mjs --table
 *     node bench/time-to-accuracy.mjs --data gowalla --final '{"loss":{"name":"sl","options":{"tau":0.1}},"epochs":40}' --seeds 1,2,3 [--plain '{…}']   # on all of train; reads the test set
 *
 * A budget is in seconds of processor time of one thread by measured costs of a step (time-to-accuracy/costs.mjs), so that a run is the same at any load of the machine. Each training adds a line to
 * `--out` (time-to-accuracy/records.jsonl); what is there is not trained again, so the same command continues after a stop at any moment. `--shapes 64x2048,128x1024`: measures further batches, in turn with those of the command.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { enableFusedMultiplyAdd, loadDataset } from '../dist/index.js';
import { Costs } from './time-to-accuracy/costs.mjs';
import { train } from './time-to-accuracy/course.mjs';
import { final } from './time-to-accuracy/final.mjs';
import { keyOf, Records } from './time-to-accuracy/records.mjs';
import { tables } from './time-to-accuracy/table.mjs';
import { variants } from './time-to-accuracy/variants.mjs';

const folder = join(import.meta.dirname, 'time-to-accuracy');
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    budgets: { type: 'string', default: '' },
    variants: { type: 'string', default: 'plain' },
    rates: { type: 'string', default: '0.03' },
    rows: { type: 'string', default: '64' },
    negatives: { type: 'string', default: '2048' },
    lambda: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    shapes: { type: 'string', default: '' },
    out: { type: 'string', default: join(folder, 'records.jsonl') },
    costs: { type: 'string', default: join(folder, 'costs.jsonl') },
    final: { type: 'string' },
    plain: { type: 'string' },
    table: { type: 'boolean', default: false },
  },
});
const numbers = (/** @type {string} */ list) => list.split(',').filter(Boolean).map(Number);

/** @type {Records<import('./time-to-accuracy/records.mjs').CourseRecord>} */
const records = new Records(values.out);
if (values.table) console.log(tables(records.all));
else if (values.data === undefined) throw new Error('--data: the name of a data set');
else if (values.final !== undefined)
  await finish(
    values.data,
    JSON.parse(values.final),
    values.plain === undefined ? undefined : JSON.parse(values.plain),
  );
else await compare(values.data);

/** @param {string} data */
function folderOf(data) {
  return join(process.env.TAUREC_DATA ?? join(import.meta.dirname, '../../shared/data'), data);
}

/**
 * Trains the chosen configuration on all of train.
 * @param {string} data @param {import('../dist/index.js').TrainConfigInput} config @param {import('../dist/index.js').TrainConfigInput | undefined} plain
 */
async function finish(data, config, plain) {
  enableFusedMultiplyAdd();
  for (const seed of numbers(values.seeds))
    console.log(JSON.stringify({ data, seed, config, ...(await final(folderOf(data), config, plain, seed)) }));
}

/** @param {string} data */
async function compare(data) {
  enableFusedMultiplyAdd();
  const costs = new Costs(values.costs);
  const done = new Set(records.all.map(keyOf));
  const names = values.variants.split(',');
  const shapes = values.shapes
    .split(',')
    .filter(Boolean)
    .map((shape) => ({ rows: Number(shape.split('x')[0]), negatives: Number(shape.split('x')[1]) }));
  const chosen = numbers(values.rows).flatMap((rows) =>
    numbers(values.negatives).map((negatives) => ({ rows, negatives })),
  );
  for (const shape of chosen) for (const name of names) shapes.push(...variants[name].phases(shape));
  const distinct = [
    ...new Map(shapes.map(({ rows, negatives }) => [`${rows}x${negatives}`, { rows, negatives }])).values(),
  ];
  for (const seed of numbers(values.seeds)) {
    const dataset = await loadDataset({ train: join(folderOf(data), 'train.tsv.gz'), validRatio: 0.1, seed });
    await costs.measure(data, dataset.train, distinct);
    for (const budget of numbers(values.budgets))
      for (const { rows, negatives } of chosen)
        for (const rate of numbers(values.rates))
          for (const variant of names) {
            const trial = {
              data,
              budget,
              variant,
              rate,
              rows,
              negatives,
              ...(values.lambda !== '1' && { lambda: Number(values.lambda) }),
              seed,
            };
            if (done.has(keyOf(trial))) continue;
            const record = { ...trial, ...(await train(dataset, trial, costs)) };
            records.add(record);
            done.add(keyOf(trial));
            console.error(JSON.stringify(record));
          }
  }
}
