import { availableParallelism } from 'node:os';
import { openEngine } from '../../dist/extend.js';
import { embeddingRanker, evaluateSync } from '../../dist/index.js';
import { initialEmbeddings } from '../../dist/training/engine-arrays.js';
import { gowallaSized } from './data.mjs';
import { median, minimum, timeRounds } from './timing.mjs';

/**
 * Full ranking of all items for all users with test items, with every metric of one cutoff. The embeddings are random: the time of ranking does not depend on their values.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function run({ quick, seed }) {
  const { train, test, source } = await gowallaSized(seed);
  if (!test) throw new Error(`${source} has no test set.`);
  const rows = [];
  for (const threads of availableParallelism() > 1 ? [1, 2] : [1]) {
    const plan = { users: train.rows, items: train.columns, dimension: 64, score: /** @type {const} */ ('cosine') };
    const engine = await openEngine(plan, { threads });
    initialEmbeddings(engine, seed, 0.1);
    const ranker = embeddingRanker(engine);
    for (const auc of [false, true]) {
      let ranked = 0;
      const seconds = await timeRounds(quick ? 1 : 5, quick ? 0 : 1, () => {
        const sample = quick ? { count: 4096, seed } : undefined;
        const evaluation = evaluateSync(ranker, { train, test, protocol: 'clean', auc, sample });
        ranked = evaluation.ranked;
        return evaluation.metrics['ndcg@20'];
      });
      rows.push({
        metrics: auc ? '@20 and AUC' : '@20',
        threads,
        build: engine.build,
        users: ranked,
        items: train.columns,
        'users/s median': ranked / median(seconds),
        'users/s best': ranked / minimum(seconds),
        'product GFLOP/s': (2 * ranked * train.columns * 64) / median(seconds) / 1e9,
      });
    }
    await engine.close();
  }
  return [{ title: `evaluation by full ranking, d 64, on ${source}`, rows }];
}
