import type { TrainConfigInput } from '../training/config.ts';
import { movielens, movielensGraph } from './bsl-table.ts';
import { type Cell, cell } from './published.ts';
import { byPopularity, discovery, gowallaGraph, graph, oneLayer, priorByValidation, type Recipe } from './recipe.ts';

/** A recipe with the neighbour term: `expected` is what the model reaches with it, `lossAlone` what the same model reaches without. All numbers of the term are chosen on the validation part. */
function withNeighbors({ config, ...rest }: Cell & { readonly config: TrainConfigInput }): Recipe {
  return cell({
    claim: 'a neighbour term chosen on validation data',
    ...rest,
    config: { ...config, neighbors: 'auto' },
  });
}

/** Expected NDCG@20, each as [clean, irbench]: of the model, and of its loss alone. */
function both(figures: Record<'with' | 'alone', readonly [clean: number, irbench: number]>) {
  const named = ([clean, irbench]: readonly [number, number]) => ({
    clean: { 'ndcg@20': clean },
    irbench: { 'ndcg@20': irbench },
  });
  return { expected: named(figures.with), lossAlone: named(figures.alone) };
}

/** Recipes for systems: a loss with the neighbour term (docs/neighbours.md). */
export const neighborRecipes: readonly Recipe[] = [
  withNeighbors({
    name: 'amazon2014-health-neighbors',
    data: 'amazon2014-health',
    loss: { name: 'bsl', tau: 0.25, tau1: 1 },
    config: { batch: { ...byPopularity, rows: 64, negatives: 1024 }, epochs: 80, ...priorByValidation() },
    ...both({ with: [0.1508, 0.146], alone: [0.1434, 0.1386] }),
    ci: true,
  }),
  withNeighbors({
    name: 'amazon2014-health-lightgcn-neighbors',
    data: 'amazon2014-health',
    backbone: oneLayer,
    loss: { name: 'bsl', tau: 0.25, tau1: 1 },
    config: { ...graph, batch: { ...byPopularity, rows: 256, negatives: 1024 } },
    ...both({ with: [0.15, 0.145], alone: [0.1424, 0.1379] }),
  }),
  withNeighbors({
    name: 'amazon2014-electronic-neighbors',
    data: 'amazon2014-electronic',
    loss: { name: 'bsl', tau: 0.3, tau1: 1 },
    config: { batch: byPopularity, learningRate: 0.03, epochs: 60, ...priorByValidation() },
    ...both({ with: [0.0654, 0.0649], alone: [0.0604, 0.0599] }),
  }),
  withNeighbors({
    name: 'amazon2014-electronic-lightgcn-neighbors',
    data: 'amazon2014-electronic',
    backbone: oneLayer,
    loss: { name: 'psl', tau: 0.17 },
    config: { ...graph, learningRate: 0.03, batch: { ...byPopularity, rows: 256 } },
    ...both({ with: [0.0658, 0.0653], alone: [0.061, 0.0605] }),
  }),
  withNeighbors({
    name: 'gowalla-neighbors',
    data: 'gowalla',
    loss: { name: 'bsl', tau: 0.1, tau1: 1 },
    config: { batch: byPopularity, learningRate: 0.03, epochs: 90, ...priorByValidation(30, 10_000) },
    ...both({ with: [0.1886, 0.1822], alone: [0.1777, 0.1721] }),
  }),
  withNeighbors({
    name: 'gowalla-lightgcn-neighbors',
    data: 'gowalla',
    backbone: oneLayer,
    loss: { name: 'bsl', tau: 0.1, tau1: 1 },
    config: gowallaGraph,
    ...both({ with: [0.1886, 0.1822], alone: [0.1785, 0.1728] }),
  }),
  withNeighbors({
    name: 'lightgcn-gowalla-neighbors',
    data: 'lightgcn-gowalla',
    loss: { name: 'bsl', tau: 0.1, tau1: 1 },
    config: { batch: byPopularity, learningRate: 0.03, epochs: 90, ...priorByValidation(30, 10_000), refit: true },
    seeds: [1],
    expected: { clean: { 'ndcg@20': 0.154 } },
    lossAlone: { clean: { 'ndcg@20': 0.1525 } },
  }),
  withNeighbors({
    name: 'lightgcn-gowalla-lightgcn-neighbors',
    data: 'lightgcn-gowalla',
    backbone: oneLayer,
    loss: { name: 'bsl', tau: 0.1, tau1: 1 },
    config: { ...gowallaGraph, rowWeight: 'sqrt', refit: true },
    seeds: [1],
    expected: { clean: { 'ndcg@20': 0.1577 } },
    lossAlone: { clean: { 'ndcg@20': 0.1536 } },
  }),
  withNeighbors({
    name: 'yelp2018-lightgcn-neighbors',
    data: 'yelp2018',
    backbone: oneLayer,
    loss: { name: 'bsl', tau: 0.11, tau1: 1 },
    config: { ...gowallaGraph, refit: true },
    seeds: [1],
    expected: { clean: { 'ndcg@20': 0.0612 } },
    lossAlone: { clean: { 'ndcg@20': 0.0604 } },
  }),
  withNeighbors({
    name: 'ultragcn-movielens-1m-neighbors',
    data: 'ultragcn-movielens-1m',
    loss: { name: 'bsl', tau: 0.173, tau1: 4 },
    config: movielens,
    expected: { clean: { 'ndcg@20': 0.2736 } },
    lossAlone: { clean: { 'ndcg@20': 0.2689 } },
  }),
  withNeighbors({
    name: 'ultragcn-movielens-1m-lightgcn-neighbors',
    data: 'ultragcn-movielens-1m',
    backbone: oneLayer,
    loss: { name: 'bsl', tau: 0.173, tau1: 4 },
    config: movielensGraph,
    seeds: [1],
    expected: { clean: { 'ndcg@20': 0.2728 } },
    lossAlone: { clean: { 'ndcg@20': 0.2684 } },
  }),
  withNeighbors({
    name: 'amazon2014-cd-popularity-neighbors',
    data: 'amazon2014-cd-popularity',
    loss: { name: 'bsl', tau: 0.12, tau1: 1 },
    config: discovery,
    ...both({ with: [0.1098, 0.1028], alone: [0.1059, 0.0992] }),
  }),
  withNeighbors({
    name: 'amazon2014-electronic-popularity-neighbors',
    data: 'amazon2014-electronic-popularity',
    loss: { name: 'psl', tau: 0.11 },
    config: discovery,
    ...both({ with: [0.0268, 0.0251], alone: [0.0211, 0.0197] }),
  }),
  withNeighbors({
    name: 'gowalla-popularity-neighbors',
    data: 'gowalla-popularity',
    loss: { name: 'sl', tau: 0.1 },
    config: discovery,
    ...both({ with: [0.1114, 0.1074], alone: [0.0968, 0.0933] }),
  }),
];
