/**
 * Compares losses on one data set, every other setting equal, and prints a JSON line for each run:
 *
 *     node bench/quality/loss-study.mjs amazon2014-health '{"name":"sl","tau":0.2}' '{"name":"dsl","tau":0.2}' [--part valid|debiased|test] [--seeds 1,2,3] [--threads 1]
 *
 * `--part` is what the runs are measured on, by protocol `clean`, with the rest trained on: a random tenth of the training file (default), a tenth of it drawn about
 * uniformly over items (the stand-in for a shifted test), or the test file, with all of the training file trained on. Settings are chosen on the first two; the test file is looked at once, at the end.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  embeddingRanker,
  enableFusedMultiplyAdd,
  evaluate,
  loadDataset,
  openRankingEngine,
  train,
  trainedModel,
} from '../../dist/index.js';

/** @typedef {import('../../dist/index.js').TrainConfigInput} TrainConfigInput */

/** What is the same for all losses on a data set; the other settings are the defaults. @type {Record<string, TrainConfigInput>} */
const settings = {
  'movielens-100k': {},
  'movielens-1m': { batch: { rows: 128 }, epochs: 60 },
  'amazon2014-health': { batch: { rows: 64, negatives: 'all' } },
  'amazon2014-electronic': { batch: { rows: 128 }, learningRate: 0.03, epochs: 50 },
  gowalla: { learningRate: 0.03, epochs: 60 },
  'amazon2014-electronic-popularity': { learningRate: 0.03, epochs: 40 },
  'amazon2014-cd-popularity': { learningRate: 0.03, epochs: 40 },
  'gowalla-popularity': { learningRate: 0.03, epochs: 60 },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: 'string', default: 'valid' },
    seeds: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
    config: { type: 'string', default: '{}' },
  },
});
const [name, ...losses] = positionals;
const common = settings[/** @type {string} */ (name)];
if (!common) throw new Error(`no settings for "${name}"; known: ${Object.keys(settings).join(', ')}`);
enableFusedMultiplyAdd();
for (const text of values.seeds.split(',')) {
  const seed = Number(text);
  const data = await read(seed);
  for (const loss of losses) {
    const config = { ...common, ...JSON.parse(values.config), loss: JSON.parse(loss) };
    console.log(
      JSON.stringify({ data: name, part: values.part, seed, loss: config.loss, ...(await run(data, config, seed)) }),
    );
  }
}

/** @param {number} seed */
async function read(seed) {
  const folder = join(
    process.env.TAUREC_DATA ?? join(import.meta.dirname, '../../../shared/data'),
    /** @type {string} */ (name),
  );
  const file = (/** @type {string} */ part) => {
    const found = readdirSync(folder).find((entry) => entry.startsWith(`${part}.`));
    if (!found) throw new Error(`${folder} holds no file ${part}.*`);
    return join(folder, found);
  };
  const sources = { train: file('train'), test: file('test'), seed };
  if (values.part === 'test') return loadDataset(sources);
  const validSplit = values.part === 'debiased' ? 'debiased' : 'random';
  const { test: _, ...data } = await loadDataset({ ...sources, validRatio: 0.1, validSplit });
  return { ...data, valid: undefined, test: data.valid };
}

/**
 * @param {import('../../dist/index.js').Dataset} data
 * @param {TrainConfigInput} config
 * @param {number} seed
 */
async function run(data, config, seed) {
  const threads = Number(values.threads);
  if (!data.test) throw new Error('nothing to measure on');
  const started = performance.now();
  const result = await train(data, { ...config, seed, threads });
  const seconds = (performance.now() - started) / 1000;
  const model = trainedModel(data, result);
  const engine = await openRankingEngine(model, { threads });
  const { metrics } = evaluate(embeddingRanker(engine, model.itemBias), {
    train: data.train,
    test: data.test,
    protocol: 'clean',
  });
  await engine.close();
  const shown = ['ndcg@20', 'recall@20', 'coverage@20', 'popularity@20'];
  return { ...Object.fromEntries(shown.map((metric) => [metric, round(metrics[metric])])), seconds: round(seconds) };
}

/** @param {number | undefined} x */
function round(x) {
  return x === undefined ? undefined : Number(x.toPrecision(4));
}
