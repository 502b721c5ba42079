/**
 * The training of `softmax_loss.py epochs` on taurec's engine, with the same mathematics in every step: pair batches, uniform negatives that may include positives, the result of dense Adam.
 * It finds how many epochs a given NDCG@20 (`clean`) takes, which PyTorch would need hours for. Prints one JSON line per epoch and stops when --target is reached.
 * Options: --data FOLDER, --target (.05), --epochs (200), --threads (2), --seed (1). Run `npm run build` first.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomStream } from '../../dist/array/random.js';
import { loadDataset } from '../../dist/data/dataset.js';
import { enableFusedMultiplyAdd, openEngine } from '../../dist/engine/open-engine.js';
import { evaluateSync } from '../../dist/evaluation/evaluator.js';
import { embeddingRanker } from '../../dist/evaluation/rankers.js';
import { optimizerDefaults } from '../../dist/optimizer/create-optimizer.js';
import { createSampler } from '../../dist/sampler/create-sampler.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: join(process.env.TAUREC_DATA ?? '../shared/data', 'amazon2014-electronic') },
    target: { type: 'string', default: '0.05' },
    epochs: { type: 'string', default: '200' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
});

const seed = Number(options.seed);
const { train, valid, test } = await loadDataset({
  train: join(options.data, 'train.tsv.gz'),
  test: join(options.data, 'test.tsv.gz'),
  validRatio: 0.1,
  seed,
});
if (!test) throw new Error(`${options.data} has no test set.`);

const sampler = createSampler(train, { batch: 'pair', rows: 1024, negatives: 800, maskPositives: false }, seed);
enableFusedMultiplyAdd();
const engine = await openEngine(
  {
    users: train.rows,
    items: train.columns,
    dimension: 64,
    score: 'cosine',
    training: {
      loss: { name: 'sl', options: { tau: 0.2 } },
      optimizer: optimizerDefaults,
      capacity: sampler.capacity,
      stepsPerEpoch: sampler.stepsPerEpoch,
      embeddingDropout: 0,
      seed,
    },
  },
  { threads: Number(options.threads) },
);
const random = randomStream(seed, 'initial');
for (const table of [engine.users, engine.items]) {
  for (let k = 0; k < table.data.length; k++) table.data[k] = 0.1 * random.normal();
}

let seconds = 0;
for (let epoch = 1, ndcg20 = 0; epoch <= Number(options.epochs) && ndcg20 < Number(options.target); epoch++) {
  const begin = performance.now();
  let loss = 0;
  sampler.startEpoch(epoch - 1);
  engine.startEpoch(epoch - 1, (epoch - 1) * sampler.stepsPerEpoch);
  for (let step = 0; step < sampler.stepsPerEpoch; step++) {
    engine.begin(sampler.batch(step), step);
    engine.gather();
    loss += engine.scoreRows() / sampler.stepsPerEpoch;
    engine.itemGradients();
    engine.update(1e-3);
  }
  // part of training: a dense optimiser would have moved the untouched rows too
  engine.settle();
  seconds += (performance.now() - begin) / 1000;
  engine.itemsChanged();
  const { metrics } = evaluateSync(embeddingRanker(engine), { train, valid, test, protocol: 'clean' });
  ndcg20 = metrics['ndcg@20'];
  const steps = sampler.stepsPerEpoch;
  console.log(JSON.stringify({ program: 'taurec', variant: 'pairs', epoch, steps, seconds, loss, ndcg20 }));
}
await engine.close();
