import { expect, it } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import type { TrainConfigInput } from '../../src/training/config.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';

const data = syntheticDataset({ users: 400, items: 200, interactions: 12_000, validRatio: 0.15, seed: 3 });
const config = {
  threads: 1,
  dimension: 16,
  epochs: 25,
  validation: { every: 25, metric: 'ndcg@20' },
  seed: 1,
} as const;
const worth = async (loss: TrainConfigInput['loss']) =>
  (await trainEmbeddings(data, { ...config, loss })).valid!['ndcg@20']!;

it("'auto' comes within 3% of the best of a fine grid, on validation", async () => {
  let best = 0;
  for (const tau of [0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4]) {
    for (const negativeWeight of [0.8, 1.4]) {
      best = Math.max(best, await worth({ name: 'sl', tau, negativeWeight }));
    }
  }
  expect(await worth({ name: 'sl', tau: 'auto', negativeWeight: 'auto' })).toBeGreaterThan(0.97 * best);
}, 600_000);
