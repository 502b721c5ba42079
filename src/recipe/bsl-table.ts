import { cell } from './published.ts';
import { byPopularity, priorByValidation, type Recipe } from './recipe.ts';

/** τ and the popularity prior are chosen on a tenth of train; the final model is trained on all of train. The paper's program chooses its epoch on the test set. */
export const movielens = {
  batch: { ...byPopularity, rows: 128 },
  decoupledWeightDecay: 1,
  epochs: 60,
  ...priorByValidation(10),
  refit: true,
};
const claim = 'all settings chosen on a tenth of train, then trained on all of train';

/** Recipes for cells of table II of the BSL paper, on its own data sets. */
export const bslTable: readonly Recipe[] = [
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
