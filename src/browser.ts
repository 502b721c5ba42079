/**
 * The public names of taurec in a browser: those of `index.ts` that need no files, no threads of Node and no database, with the same meaning. Bundlers take this entry by the condition `browser`.
 * `Recommender.open` and `openModel` take the address of a model folder and fetch it. Training and ranking run on the thread that calls: give long ones a Web Worker of your own.
 */

export type { Csr } from './array/csr.ts';
export { csrDegree, csrFromEntries, csrHas, csrRow, csrTranspose } from './array/csr.ts';
export type { Matrix } from './array/matrix.ts';
export { matrix, row } from './array/matrix.ts';
export type { Backbone, BackboneContext, BackboneSource } from './backbone/backbone.ts';
export { type BackboneName, backboneNames, createBackbone } from './backbone/backbones.ts';
export { loadBackbone } from './backbone/load-backbone.ts';
export { openEngine } from './browser/open-engine.ts';
export { openModel } from './browser/open-model.ts';
export { addPositiveNoise } from './data/add-positive-noise.ts';
export type { Dataset } from './data/build-dataset.ts';
export { type CoreThresholds, kCore } from './data/filter.ts';
export { IdMap } from './data/id-map.ts';
export { type DataInfo, describe, type Quantiles } from './data/info.ts';
export { type Interactions, type ReadReport, toCsr } from './data/interactions.ts';
export { negativeNoise } from './data/negative-noise.ts';
export { type FalseNegatives, holdBackFalseNegatives } from './data/split/hold-back-false-negatives.ts';
export {
  type Split,
  type SplitMethod,
  type SplitOptions,
  type SplitRecord,
  split,
  splitMethods,
} from './data/split/split.ts';
export { type SyntheticOptions, syntheticDataset } from './data/synthetic.ts';
export { recencyWeights } from './data/weights.ts';
export type { BackbonePlan, Engine, EnginePlan, RankRequest, RankResult, ScoreKind } from './engine/engine.ts';
export type { Combination, NodeOperations, NodeRows, NodeTable, Propagation } from './engine/node-operations.ts';
export type { EngineOptions } from './engine/open-engine.ts';
export { type ErrorCode, type Facts, TaurecError } from './errors.ts';
export { type ItemKnnOptions, itemKnnRanker, popularRanker, randomRanker } from './evaluation/baselines.ts';
export {
  type Comparison,
  compareResults,
  compareUsers,
  type MetricComparison,
  type UserColumns,
} from './evaluation/compare.ts';
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  evaluateAsync,
  type Protocol,
  protocols,
} from './evaluation/evaluator.ts';
export type { ExtraMetrics } from './evaluation/extra-metrics.ts';
export { type GroupReport, popularityGroups } from './evaluation/groups.ts';
export { loadMetric } from './evaluation/load-metric.ts';
export type { RankMetric } from './evaluation/metrics.ts';
export { embeddingRanker, type UserRanker } from './evaluation/ranker.ts';
export { scoreRanker } from './evaluation/score-ranker.ts';
export { type BootstrapOptions, pairedBootstrap, pairedTTest } from './evaluation/significance.ts';
export { loadLoss } from './loss/load-loss.ts';
export { logExpectationExp } from './loss/log-expectation-exp.ts';
export type {
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
export { createLoss, type LossName, lossNames } from './loss/losses.ts';
export { createModel, type Model, type ModelConfig, type ModelFacts, trainedItems } from './model/model.ts';
export type { ModuleSource } from './platform/load-module.ts';
export { openRankingEngine, type RankingEngineOptions } from './recommender/ranking-engine.ts';
export { type ReRankedRanker, reRankedRanker } from './recommender/re-ranked-ranker.ts';
export type {
  FoldInRequest,
  Id,
  RecommendedItem,
  RecommendOptions,
  UserRecommendations,
} from './recommender/recommendation.ts';
export { type OpenOptions, Recommender } from './recommender/recommender.ts';
export type { Aim } from './training/aim.ts';
export { configToJson, parseTrainConfig, type TrainConfig, type TrainConfigInput } from './training/config.ts';
export type { EpochRecord, TrainEvent } from './training/events.ts';
export { popularityBias } from './training/popularity-prior.ts';
export { type TrainOptions, trainEmbeddings } from './training/train-embeddings.ts';
export { trainedModel } from './training/trained-model.ts';
export type { TrainingData, TrainResult } from './training/training-state.ts';
export type { Trial, Tuning } from './training/tune.ts';
