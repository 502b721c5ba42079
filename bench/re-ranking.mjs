/**
 * Measures how the request options `discover` and `diversity`, and the weight of negatives λ in training, affect accuracy, coverage and popularity on the test set: the tables of docs/re-ranking.md. Each training uses
 * the whole training file and keeps the last epoch; nothing is chosen by these numbers.
 *
 *     node bench/re-ranking.mjs [--data amazon2014-health,movielens-100k] [--seed 1] [--threads 1] [--json]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reRankedRanker, trainedItems } from '../dist/extend.js';
import { enableFusedMultiplyAdd, evaluateSync, loadDataset, openRankingEngine } from '../dist/index.js';
import { trainEmbeddings, trainedModel } from '../dist/lab.js';

/** The softmax loss with the other settings of the data set's recipe. @type {Record<string, import('../dist/index.js').TrainConfigInput & { loss: object }>} */
const configs = {
  'amazon2014-health': { loss: { name: 'sl', tau: 0.2 }, batch: { rows: 64, negatives: 'all' } },
  'movielens-100k': { loss: { name: 'sl' } },
};
const lambdas = [0.8, 1, 1.25];
const settings = [
  ...[0, 0.25, 0.5, 0.75, 1].map((discover) => ({ discover, diversity: 0 })),
  ...[0.3, 0.6].map((diversity) => ({ discover: 0, diversity })),
  { discover: 0.25, diversity: 0.3 },
];
const columns = ['ndcg@20', 'recall@20', 'coverage@20', 'gini@20', 'popularity@20', 'diversity@20'];

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: Object.keys(configs).join() },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [seed, threads] = [Number(values.seed), Number(values.threads)];
enableFusedMultiplyAdd();
/** @type {Record<string, any>[]} */
const rows = [];
for (const name of values.data.split(',')) {
  const folder = join(process.env.TAUREC_DATA ?? '../shared/data', name);
  const data = await loadDataset({ train: join(folder, 'train.tsv.gz'), test: join(folder, 'test.tsv.gz') });
  for (const lambda of lambdas) {
    const { loss, ...config } = configs[name];
    const result = await trainEmbeddings(data, { ...config, loss: { ...loss, negativeWeight: lambda }, seed, threads });
    const model = trainedModel(data, result);
    const engine = await openRankingEngine(model, { threads });
    for (const setting of lambda === 1 ? settings : settings.slice(0, 1)) {
      const { metrics } = evaluateSync(reRankedRanker(model, engine, setting), {
        train: trainedItems(model),
        test: data.test,
        protocol: 'clean',
        diversity: model.items,
      });
      rows.push({ data: name, lambda, ...setting, ...metrics });
      if (!values.json) console.error(`${name}, λ ${lambda}, ${JSON.stringify(setting)}: ${metrics['ndcg@20']}`);
    }
    await engine.close();
  }
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
else {
  console.log(`| data | λ | discover | diversity | ${columns.join(' | ')} |`);
  console.log(`|${'---|'.repeat(columns.length + 4)}`);
  for (const row of rows) {
    const metrics = columns.map((column) => row[column].toFixed(column === 'popularity@20' ? 1 : 4));
    console.log(`| ${row.data} | ${row.lambda} | ${row.discover} | ${row.diversity} | ${metrics.join(' | ')} |`);
  }
}
