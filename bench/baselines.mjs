/**
 * Measures the baselines of published systems: the table of docs/evaluation.md. With `--validate` it searches their options on a held-out tenth of the
 * training file instead; the test file is not read then. `built` and `seconds` are processor seconds, of building and with the evaluation.
 *
 *     node bench/baselines.mjs [--data movielens-100k,amazon2014-health] [--baselines popular,item-knn,slim,ease] [--ease-memory 2] [--validate] [--valid-ratio 0.1] [--seed 1] [--json]
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { easeRanker, evaluateSync, itemKnnRanker, loadDataset, popularRanker, slimRanker } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'movielens-100k,amazon2014-health' },
    baselines: { type: 'string', default: 'popular,item-knn,slim,ease' },
    'ease-memory': { type: 'string', default: '2' },
    validate: { type: 'boolean', default: false },
    'valid-ratio': { type: 'string', default: '0.1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const memory = Number(values['ease-memory']);
/** @type {Record<string, (train: import('../dist/extend.js').Csr, options?: Record<string, number>) => any>} */
const builders = {
  popular: popularRanker,
  'item-knn': itemKnnRanker,
  slim: slimRanker,
  ease: (train, options) => easeRanker(train, { memory, ...options }),
};
/**
 * All combinations of the values of some options.
 * @param {Record<string, number[]>} values
 */
const lattice = (values) =>
  Object.entries(values).reduce(
    (points, [name, list]) => points.flatMap((point) => list.map((value) => ({ ...point, [name]: value }))),
    /** @type {Record<string, number>[]} */ ([{}]),
  );
/** @type {Record<string, Record<string, number>[]>} */
const searched = {
  ease: lattice({ ridge: [10, 20, 50, 100, 150, 200, 300, 500, 1000] }),
  slim: [
    ...lattice({ l1: [0.5, 1, 2], l2: [50, 100, 200, 400], candidates: [100] }),
    ...lattice({ candidates: [25, 50, 200, 1e6] }),
  ],
  'item-knn': lattice({ neighbours: [20, 50, 100, 200], shrink: [0, 10] }),
};

/** @type {import('../dist/index.js').Protocol[]} */
const protocols = values.validate ? ['clean'] : ['clean', 'irbench'];
const rows = [];
for (const name of values.data.split(',')) {
  const [train, test] = ['train', 'test'].map((part) => {
    const file = join(process.env.TAUREC_DATA ?? '../shared/data', name, part);
    return [`${file}.tsv.gz`, `${file}.tsv`, `${file}.txt.gz`].find(existsSync) ?? `${file}.tsv.gz`;
  });
  // As the recipes do: a random tenth of the training file is held out.
  const held = { validRatio: Number(values['valid-ratio']), seed: Number(values.seed) };
  const data = await loadDataset(values.validate ? { train, ...held } : { train, test, ...held });
  for (const baseline of values.baselines.split(',')) {
    for (const options of (values.validate && searched[baseline]) || [{}]) {
      const cpu = process.cpuUsage();
      /** @type {Record<string, unknown>} */
      const row = { data: name, baseline, ...options };
      try {
        const ranker = await builders[baseline](data.train, options);
        row.built = Math.round(process.cpuUsage(cpu).user / 1e5) / 10;
        const parts = values.validate ? { train: data.train, test: data.valid } : data;
        for (const protocol of protocols)
          row[protocol] = evaluateSync(ranker, { ...parts, protocol }).metrics['ndcg@20'];
        row.seconds = Math.round(process.cpuUsage(cpu).user / 1e5) / 10;
      } catch (error) {
        row.refused = /** @type {Error} */ (error).message;
      }
      rows.push(row);
      if (!values.json)
        console.log(
          Object.values(row)
            .map((x) => (typeof x === 'number' ? +x.toFixed(4) : x))
            .join('  '),
        );
    }
  }
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
