import { existsSync } from 'node:fs';
import {
  type Dataset,
  embeddingRanker,
  evaluate,
  loadDataset,
  openRankingEngine,
  syntheticDataset,
  type TrainConfigInput,
  train,
  trainedModel,
} from 'taurec';
import { CosineContrastiveLoss } from './cosine-contrastive-loss.ts';

const folder = `${process.env.TAUREC_DATA}/movielens-100k`;
const data: Dataset = existsSync(folder)
  ? await loadDataset({ train: `${folder}/train.tsv.gz`, test: `${folder}/test.tsv.gz`, validRatio: 0.1 })
  : syntheticDataset({ users: 1000, items: 600, interactions: 40_000, validRatio: 0.08 });
console.log(data.source);

const options = { margin: 0.2, negativeWeight: 10 };
const losses: Record<string, TrainConfigInput['loss']> = {
  'softmax loss': { name: 'sl', tau: 0.15 },
  // An object holds functions, which cannot be sent to threads: it trains on one.
  'own loss, as an object': new CosineContrastiveLoss(options),
  // Every thread imports a module for itself. A configuration file or --loss-module name it the same way.
  'own loss, as a module': {
    module: new URL('./cosine-contrastive-loss.ts', import.meta.url).href,
    export: 'CosineContrastiveLoss',
    options,
  },
};

for (const [name, loss] of Object.entries(losses)) {
  const result = await train(data, { loss, score: 'cosine', epochs: 40, seed: 1 });
  const model = trainedModel(data, result);
  const engine = await openRankingEngine(model);
  const { train: seen, valid, test } = data;
  const { metrics } = await evaluate(embeddingRanker(engine, model.itemBias), {
    train: seen,
    valid,
    test: test!,
    protocol: 'clean',
  });
  await engine.close();
  const { threads } = result.engine;
  console.log(`${name}: NDCG@20 ${metrics['ndcg@20']!.toFixed(4)} (epoch ${result.epoch}, threads: ${threads})`);
}
