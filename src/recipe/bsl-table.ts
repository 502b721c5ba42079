import { cell } from './published.ts';
import { byPopularity, priorByValidation, type Recipe } from './recipe.ts';

/** Options for ultragcn-movielens-1m. */
export const movielens = {
  batch: { ...byPopularity, rows: 128 },
  decoupledWeightDecay: 1,
  epochs: 60,
  ...priorByValidation(10),
  refit: true,
};
const claim = 'all settings chosen on a tenth of train, then trained on all of train';

/** Recipes for cells of table II of the BSL paper, on its own data sets. The paper's program chooses the epoch on the test set. */
export const bslTable: readonly Recipe[] = [
  cell({
    data: 'yelp2018',
    loss: { name: 'bsl', tau: 0.11, tau1: 1 },
    config: { learningRate: 0.03, epochs: 90, ...priorByValidation(30, 10_000), batch: byPopularity, refit: true },
    seeds: [1],
    expected: { clean: { 'ndcg@20': 0.06, 'recall@20': 0.0726 } },
    claim,
  }),
  cell({
    data: 'ultragcn-movielens-1m',
    loss: { name: 'sl', tau: 'auto' },
    config: movielens,
    expected: { clean: { 'ndcg@20': 0.2634, 'recall@20': 0.2717 } },
    claim,
  }),
  cell({
    data: 'ultragcn-movielens-1m',
    loss: { name: 'bsl', tau: 'auto', tau1: 4 },
    config: movielens,
    expected: { clean: { 'ndcg@20': 0.2629, 'recall@20': 0.2708 } },
    claim,
  }),
];
