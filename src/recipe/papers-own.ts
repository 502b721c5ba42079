import { cell } from './published.ts';
import type { Recipe } from './recipe.ts';

/** The papers draw 1,000 uniform negatives and have λ = 1. No setting is chosen here. */
const negatives = 1000;
/** Few validations on many users, which suffice to choose the epoch. */
const validation = { every: 20, patience: 10, users: 20_000 };
const claim = 'the papers’ temperature without λ, in user rows';

/** Recipes with the papers' own settings, which the papers chose on their test sets. Under popularity shift the epoch is chosen on the test set too, as in the papers. Do not compare these numbers with validated ones. */
export const papersOwn: readonly Recipe[] = [
  cell({
    name: 'amazon2014-health-published-sl',
    data: 'amazon2014-health',
    chosen: 'published',
    loss: { name: 'sl', tau: 0.2 },
    config: { batch: { rows: 64, negatives }, epochs: 100, validation },
    expected: {
      clean: { 'ndcg@20': 0.1264, 'recall@20': 0.1682 },
      irbench: { 'ndcg@20': 0.1219, 'recall@20': 0.1651 },
    },
    claim,
  }),
  cell({
    name: 'amazon2014-electronic-published-sl',
    data: 'amazon2014-electronic',
    chosen: 'published',
    seeds: [1],
    loss: { name: 'sl', tau: 0.2 },
    config: { batch: { rows: 128, negatives }, learningRate: 0.03, epochs: 60, validation },
    expected: { clean: { 'ndcg@20': 0.052, 'recall@20': 0.0819 }, irbench: { 'ndcg@20': 0.0516, 'recall@20': 0.0817 } },
    claim,
  }),
  cell({
    name: 'amazon2014-cd-popularity-published-sl',
    data: 'amazon2014-cd-popularity',
    choice: 'test',
    chosen: 'published',
    seeds: [1],
    loss: { name: 'sl', tau: 0.1 },
    config: { batch: { negatives }, learningRate: 0.03, epochs: 40, validation },
    expected: { clean: { 'ndcg@20': 0.0828, 'recall@20': 0.121 }, irbench: { 'ndcg@20': 0.0776, 'recall@20': 0.1132 } },
    claim: `${claim}, the epoch chosen on the test set`,
  }),
  cell({
    name: 'amazon2014-electronic-popularity-published-sl',
    data: 'amazon2014-electronic-popularity',
    choice: 'test',
    chosen: 'published',
    seeds: [1],
    loss: { name: 'sl', tau: 0.1 },
    config: { batch: { negatives }, learningRate: 0.03, epochs: 40, validation },
    expected: { clean: { 'ndcg@20': 0.0137, 'recall@20': 0.0225 }, irbench: { 'ndcg@20': 0.0128, 'recall@20': 0.021 } },
    claim: `${claim}, the epoch chosen on the test set`,
  }),
];
