import { existsSync } from 'node:fs';
import { type Dataset, loadDataset, syntheticDataset, type TrainConfigInput, train } from 'taurec';
import { CosineContrastiveLoss } from './cosine-contrastive-loss.ts';

const folder = `${process.env.TAUREC_DATA}/movielens-100k`;
const data: Dataset = existsSync(folder)
  ? await loadDataset({ train: `${folder}/train.tsv.gz`, test: `${folder}/test.tsv.gz`, validRatio: 0.1 })
  : syntheticDataset({ users: 400, items: 300, interactions: 12_000, validRatio: 0.1 });
console.log(data.source);

const options = { margin: 0.2, negativeWeight: 10 };
const losses: Record<string, TrainConfigInput['loss']> = {
  'softmax loss': { name: 'sl', tau: 0.15 },
  // An object holds functions, which cannot be sent to threads: it trains on one.
  'custom loss, as an object': new CosineContrastiveLoss(options),
  // Every thread imports the module itself. A configuration file or --loss-module name it the same way.
  'custom loss, as a module': {
    module: new URL('./cosine-contrastive-loss.ts', import.meta.url).href,
    export: 'CosineContrastiveLoss',
    options,
  },
};

for (const [name, loss] of Object.entries(losses)) {
  const model = await train(data, { loss, score: 'cosine', epochs: 40, seed: 1 });
  const { metrics } = await model.evaluate();
  await model.close();
  const { epoch, engine } = model.result;
  console.log(`${name}: NDCG@20 ${metrics['ndcg@20']!.toFixed(4)} (epoch ${epoch}, threads: ${engine.threads})`);
}
