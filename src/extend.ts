/**
 * The API for extensions: the contracts of losses, backbones, metrics and engines with their loaders, sparse and dense matrices, and the single steps of `loadDataset`
 * (k-core, split, noise, recency weights). Everything here also runs in a browser.
 */

import { onDemand } from './platform/on-demand.ts';

export { type Csr, csrDegree, csrFromEntries, csrHas, csrRow, csrTranspose } from './array/csr.ts';
export { type Matrix, matrix, row } from './array/matrix.ts';
export type { Random } from './array/random.ts';
export type { Backbone, BackboneContext, BackboneSource } from './backbone/backbone.ts';
export { createBackbone } from './backbone/backbones.ts';
export { loadBackbone } from './backbone/load-backbone.ts';
export { type DataInfo, describe, type Quantiles } from './data/describe.ts';
export { toCsr } from './data/interactions.ts';
export { kCore } from './data/k-core.ts';
export { recencyWeights } from './data/recency-weights.ts';
export { type FalseNegatives, holdBackFalseNegatives } from './data/split/hold-back-false-negatives.ts';
export { type Split, type SplitOptions, split, splitMethods } from './data/split/split.ts';
export type { Spread } from './data/spread.ts';
export { addPositiveNoise, negativeNoise } from './data/training-noise.ts';
export type {
  BackbonePlan,
  Engine,
  EnginePlan,
  EngineStats,
  ItemProducts,
  OptimizerState,
  PersonProblem,
  RankingEngine,
  RankRequest,
  RankResult,
  ScoreKind,
  TrainingPlan,
} from './engine/engine.ts';
export type {
  Accumulation,
  ColumnWindow,
  Combination,
  Contrast,
  LinearMap,
  NodeOperations,
  NodeRows,
  NodeTable,
  Propagation,
  Randomness,
} from './engine/node-operations.ts';
export type { EngineOptions } from './engine/open-engine.ts';
export type { ItemKnnOptions } from './evaluation/baselines.ts';
export { type ExtraMetrics, loadMetric } from './evaluation/custom-metrics.ts';
export type { EaseOptions } from './evaluation/ease.ts';
export { protocols } from './evaluation/evaluator.ts';
export { type GroupBy, type PopularityGroups, popularityGroups } from './evaluation/groups.ts';
export type { WorkOptions } from './evaluation/in-slices.ts';
export type { RankMetric } from './evaluation/metrics.ts';
export { scoreRanker } from './evaluation/rankers.ts';
export type { SlimOptions } from './evaluation/slim.ts';
export type { PerUser } from './evaluation/tallies.ts';
export { loadLoss } from './loss/load-loss.ts';
export { logExpectationExp } from './loss/log-expectation-exp.ts';
export type {
  EpochStates,
  Floats,
  Loss,
  LossNeeds,
  LossSource,
  RowContext,
  RowStates,
  ScoreGradients,
  ScoreRow,
  StateUpdate,
} from './loss/loss.ts';
export { createLoss } from './loss/losses.ts';
export { type ServedModel, trainedItems } from './model/model.ts';
export type { TrainedArrays } from './model/training-state.ts';
export type { OptimizerOptions } from './optimizer/optimizer.ts';
export type { CustomSource, ModuleSource } from './option.ts';
export { popularityBias } from './recommender/popularity-prior.ts';
export { type ReRankedRanker, reRankedRanker } from './recommender/re-ranked-ranker.ts';
export type { ItemPositions } from './sampler/item-positions.ts';
export { loadSampler } from './sampler/load-sampler.ts';
export type { Batch, BatchCapacity, Learned, Pool, PoolBatch, Sampler } from './sampler/sampler.ts';
export type {
  CustomPool,
  CustomSampler,
  PoolName,
  PoolSetting,
  PoolSource,
  SamplerOptions,
  SamplerSetting,
  SamplerSource,
  SettledSamplerOptions,
} from './sampler/sampler-options.ts';

// The engines are half of the library's modules, so they are loaded on demand.
/**
 * Opens an engine for a plan: WebAssembly (the default), or the slow reference engine, which defines every result. In a browser the engine runs on the calling thread.
 * @throws TaurecError `unknown-name` for an unknown engine or build; `bad-option`, `loss-module`, `memory-limit`, `memory-short`, `memory-refused`, `engine-thread`
 */
export const openEngine: typeof import('#open-engine').openEngine = onDemand(
  () => import('#open-engine'),
  'openEngine',
);
