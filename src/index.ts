/** The public names of taurec. */

export type { Csr } from './array/csr.ts';
export { csrDegree, csrFromEntries, csrHas, csrRow, csrTranspose } from './array/csr.ts';
export type { Matrix } from './array/matrix.ts';
export { matrix, row } from './array/matrix.ts';
export type { Random } from './array/random.ts';
export type { Backbone, BackboneContext, BackboneSource } from './backbone/backbone.ts';
export { type BackboneName, backboneNames, createBackbone } from './backbone/backbones.ts';
export { loadBackbone } from './backbone/load-backbone.ts';
export { addPositiveNoise } from './data/add-positive-noise.ts';
export type { Part } from './data/build-dataset.ts';
export type { Column, ColumnOptions } from './data/columns.ts';
export type { Dataset, DatasetOptions } from './data/dataset.ts';
export { loadDataset } from './data/dataset.ts';
export { type CoreThresholds, kCore } from './data/filter.ts';
export type { Format } from './data/formats/file-format.ts';
export { IdMap } from './data/id-map.ts';
export { type DataInfo, describe, type Quantiles } from './data/info.ts';
export { type Interactions, type ReadReport, toCsr } from './data/interactions.ts';
export { negativeNoise } from './data/negative-noise.ts';
export type { Range } from './data/range.ts';
export { type ReadOptions, readInteractions } from './data/read.ts';
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
export { readTitles, type TitleOptions } from './data/titles.ts';
export { recencyWeights } from './data/weights.ts';
export type {
  BackbonePlan,
  Engine,
  EnginePlan,
  EngineStats,
  OptimizerState,
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
export { type EngineOptions, enableFusedMultiplyAdd, openEngine } from './engine/open-engine.ts';
export { type ErrorCode, type Facts, TaurecError } from './errors.ts';
export type { PerUser } from './evaluation/accuracy.ts';
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
export { type GroupBy, type GroupReport, type PopularityGroups, popularityGroups } from './evaluation/groups.ts';
export { loadMetric } from './evaluation/load-metric.ts';
export type { RankMetric } from './evaluation/metrics.ts';
export { embeddingRanker, type UserRanker } from './evaluation/ranker.ts';
export { type ResultFile, type ResultOrigin, readResult, resultOf, writeResult } from './evaluation/result-file.ts';
export { scoreRanker } from './evaluation/score-ranker.ts';
export {
  type BootstrapOptions,
  type BootstrapResult,
  pairedBootstrap,
  pairedTTest,
  type TTestResult,
} from './evaluation/significance.ts';
export {
  type EmbeddingFormat,
  type ExportEmbeddingsOptions,
  embeddingFormats,
  exportEmbeddings,
} from './exchange/export-embeddings.ts';
export {
  type ImportEmbeddingsOptions,
  type ImportReport,
  importEmbeddings,
} from './exchange/import-embeddings.ts';
export {
  analyseScores,
  predictTau,
  type ScoreAnalysis,
  type ScoreAnalysisOptions,
} from './experiment/analysis/score-analysis.ts';
export { compareRuns, holm } from './experiment/analysis/statistics.ts';
export type { WeightQuantile } from './experiment/analysis/weight-quantiles.ts';
export type { Experiment, Findings, Lab } from './experiment/experiment.ts';
export { experimentNamed, experiments } from './experiment/experiments.ts';
export type { ExecuteOptions } from './experiment/run/execute.ts';
export { type LabEvent, type LabOptions, LocalLab } from './experiment/run/lab.ts';
export type {
  Choice,
  DataSource,
  FailedRun,
  MetricSource,
  Noise,
  RunEvaluation,
  RunRecord,
  RunSpec,
} from './experiment/run/run.ts';
export { type ExperimentOptions, type ExperimentResult, runExperiment } from './experiment/run-experiment.ts';
export {
  type DataEntry,
  defineExperiment,
  type ExperimentConfig,
  type SourceEntry,
} from './experiment/settings/experiment-config.ts';
export type { BackboneCase, ExperimentSettings, LossCase } from './experiment/settings/settings.ts';
export type { FeedbackEvent, FeedbackLog, StoredFeedback } from './feedback/feedback-log.ts';
export { openFeedback } from './feedback/open-feedback.ts';
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
export { openModel, saveModel } from './model/model-directory.ts';
export { openSafetensors, writeSafetensors } from './model/safetensors.ts';
export type { TensorArray } from './model/safetensors-header.ts';
export type { Safetensors, StreamedTensor, Tensor } from './model/tensor.ts';
export type { Titles } from './model/titles.ts';
export type { ModelTrainingState, TrainedArrays } from './model/training-state.ts';
export type { OptimizerOptions } from './optimizer/optimizer.ts';
export type { ModuleSource } from './platform/load-module.ts';
export { type PublishedResult, publishedResults } from './recipe/published.ts';
export type { PublishedValue, Recipe, Tolerance } from './recipe/recipe.ts';
export { recipes } from './recipe/recipes.ts';
export { runRecipe } from './recipe/run-recipe.ts';
export { type ExportFormat, type ExportOptions, exportRecommendations } from './recommender/export-recommendations.ts';
export { type BuildIndexOptions, type BuiltIndex, buildIndex } from './recommender/index-file.ts';
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
export type {
  Axis,
  Cell,
  ClaimVerdict,
  DataFacts,
  Figure,
  Panel,
  Point as PlotPoint,
  Provenance,
  Report,
  Section,
  Series,
  Table,
  TableColumn,
} from './report/report.ts';
export { tableCsv } from './report/table-csv.ts';
export { type ReportFiles, writeReport } from './report/write-report.ts';
export type { Batch, BatchCapacity } from './sampler/sampler.ts';
export type { Dimension, Range as DimensionRange, Value as DimensionValue } from './search/dimension.ts';
export type { Point } from './search/lattice-search.ts';
export type { Point as SpacePoint, Space } from './search/space.ts';
export type { Aim } from './training/aim.ts';
export {
  configToJson,
  parseTrainConfig,
  type TrainConfig,
  type TrainConfigInput,
} from './training/config.ts';
export type { EngineIdentity, EpochRecord, Phase, StopReason, TrainEvent } from './training/events.ts';
export { popularityBias } from './training/popularity-prior.ts';
export { type TrainOptions, trainEmbeddings } from './training/train-embeddings.ts';
export { trainedModel } from './training/trained-model.ts';
export type { TrainingData, TrainResult } from './training/training-state.ts';
export type { Trial, Tuning } from './training/tune.ts';
export type { Forgetting } from './training/update/forgetting.ts';
export { type UpdateResult, updateModel } from './training/update/update-model.ts';
export type { UpdateOptions } from './training/update/update-options.ts';
export { type ConfigFile, defineConfig } from './tuning/define-config.ts';
export type { RunNews } from './tuning/executor.ts';
export { runWorker, type WorkerEvent, type WorkerOptions } from './tuning/queue/worker.ts';
export type { TuneSettings } from './tuning/settings.ts';
export type { Attempt, CurvePoint, Run, RunKey, RunOutcome, RunState, Trial as StudyTrial } from './tuning/study.ts';
export { type TrainWinnerOptions, trainWinner } from './tuning/train-winner.ts';
export { type TunedTrial, type TuneOptions, type TuneResult, tune } from './tuning/tune.ts';
export type { TuneEvent } from './tuning/tune-event.ts';
export { type TuningReportOptions, tuningReport } from './tuning/tuning-report.ts';
