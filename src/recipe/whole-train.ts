import { allItems, type Recipe } from './recipe.ts';

/** Recipes that train on all of train and take the last epoch, as a product would. Their settings were chosen earlier, on a validation part of train. */
export const wholeTrain: readonly Recipe[] = [
  whole({
    name: 'movielens-100k',
    data: 'movielens-100k',
    config: {},
    expected: { clean: { 'ndcg@20': 0.408, 'recall@20': 0.373 } },
    ci: true,
    claim: 'the defaults, trained in seconds',
  }),
  whole({
    name: 'amazon2014-health',
    data: 'amazon2014-health',
    config: { loss: { name: 'sl', tau: 0.2 }, batch: allItems },
    expected: { clean: { 'ndcg@20': 0.1386, 'recall@20': 0.1831 } },
    ci: true,
    claim: 'softmax loss against all items: NDCG@20 ≥ .1370 within 20 s',
  }),
  whole({
    name: 'amazon2014-health-lightgcn',
    data: 'amazon2014-health',
    config: {
      loss: { name: 'sl', tau: 0.2 },
      backbone: { name: 'lightgcn', layers: 2 },
      batch: { rows: 256, negatives: 'all' },
      epochs: 40,
    },
    expected: { clean: { 'ndcg@20': 0.1373 } },
    ci: true,
    claim: 'a graph backbone, trained in seconds',
  }),
  whole({
    name: 'movielens-1m',
    data: 'movielens-1m',
    config: { loss: { name: 'sl', tau: 0.17 }, batch: { rows: 128 } },
    expected: { clean: { 'ndcg@20': 0.3962, 'recall@20': 0.2831 } },
    claim: 'a dense data set',
  }),
  whole({
    name: 'amazon2014-electronic',
    data: 'amazon2014-electronic',
    config: { loss: { name: 'sl', tau: 0.2 }, batch: { rows: 128 }, learningRate: 0.03, epochs: 70 },
    expected: { clean: { 'ndcg@20': 0.0556, 'recall@20': 0.0873 } },
    claim: 'softmax loss: NDCG@20 ≥ .0545 within 45 s',
  }),
  whole({
    name: 'gowalla',
    data: 'gowalla',
    config: { loss: { name: 'sl', tau: 0.1 }, learningRate: 0.03, epochs: 90 },
    expected: { clean: { 'ndcg@20': 0.1705, 'recall@20': 0.2136 } },
    claim: 'softmax loss: NDCG@20 ≥ .1660 within 150 s and 700 MB',
  }),
  whole({
    name: 'amazon2014-electronic-fast',
    data: 'amazon2014-electronic',
    config: {
      loss: { name: 'sl', tau: 0.2, negativeWeight: 1.4 },
      batch: { rows: 64, negatives: 1024 },
      learningRate: 0.03,
      schedule: 'cooldown',
      epochs: 45,
    },
    expected: { clean: { 'ndcg@20': 0.0569, 'recall@20': 0.0879 } },
    claim: 'λ, batch and schedule chosen for little time: NDCG@20 ≥ .0556 in 24 processor seconds',
  }),
  whole({
    name: 'gowalla-fast',
    data: 'gowalla',
    config: {
      loss: { name: 'sl', tau: 0.1, negativeWeight: 1.25 },
      batch: { rows: 128, negatives: 1024 },
      learningRate: 0.03,
      schedule: 'cooldown',
      epochs: 44,
    },
    expected: { clean: { 'ndcg@20': 0.1747, 'recall@20': 0.2126 } },
    claim: 'λ, batch and schedule chosen for little time: NDCG@20 ≥ .1700 in 70 processor seconds',
  }),
  whole({
    name: 'gowalla-lightgcn',
    data: 'gowalla',
    config: {
      loss: { name: 'sl', tau: 0.1 },
      backbone: { name: 'lightgcn', layers: 1, gamma: 0.2 },
      batch: { rows: 512 },
      learningRate: 0.04,
      epochs: 60,
    },
    seeds: [1],
    expected: { clean: { 'ndcg@20': 0.1701 } },
    claim: 'LightGCN with the softmax loss: NDCG@20 ≥ .1680 in under 10 minutes on two cores',
  }),
];

/** A recipe without a validation part, with three seeds unless it says otherwise. */
function whole(recipe: Omit<Recipe, 'choice' | 'chosen' | 'seeds'> & { seeds?: readonly number[] }): Recipe {
  return { choice: 'last', chosen: 'validated', seeds: [1, 2, 3], ...recipe };
}
