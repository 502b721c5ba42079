/**
 * The API for applications: read a log, train, recommend, evaluate, save models, store feedback. `taurec/extend` has the contracts of custom losses, backbones, metrics
 * and engines; `taurec/lab` has experiments, tuning and reports; `taurec/server` the HTTP server.
 */

import { onDemand } from './platform/on-demand.ts';

export type { Csr } from './array/csr.ts';
export type { Matrix } from './array/matrix.ts';
export { type BackboneName, backboneNames } from './backbone/backbones.ts';
export type { Part } from './data/build-dataset.ts';
export type { Column, ColumnOptions } from './data/columns.ts';
export type { Dataset, DatasetOptions } from './data/dataset.ts';
export type { Format } from './data/formats/file-format.ts';
export { IdMap } from './data/id-map.ts';
export type { Interactions, ReadReport } from './data/interactions.ts';
export type { CoreThresholds } from './data/k-core.ts';
export type { ReadOptions } from './data/read.ts';
export type { TitleOptions } from './data/read-titles.ts';
export type { SplitMethod, SplitRecord } from './data/split/split.ts';
export { type SyntheticOptions, syntheticDataset } from './data/synthetic.ts';
export { enableFusedMultiplyAdd } from './engine/fused-multiply-add.ts';
export { type ErrorCode, type Facts, TaurecError } from './errors.ts';
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  evaluateSync,
  type Protocol,
} from './evaluation/evaluator.ts';
export type { GroupReport } from './evaluation/groups.ts';
export { embeddingRanker, itemKnnRanker, popularRanker, randomRanker, type UserRanker } from './evaluation/rankers.ts';
export type { EmbeddingFormat, ExportEmbeddingsOptions } from './exchange/export-embeddings.ts';
export type { ImportEmbeddingsOptions, ImportReport } from './exchange/import-embeddings.ts';
export type { FeedbackEvent, FeedbackLog, StoredFeedback } from './feedback/feedback-log.ts';
export { type LossName, lossNames } from './loss/losses.ts';
export { createModel, type Model } from './model/model.ts';
export type { ModelConfig, ModelFacts } from './model/model-facts.ts';
export type { Titles } from './model/titles.ts';
export type { ModelTrainingState } from './model/training-state.ts';
export type { ExportFormat, ExportOptions } from './recommender/export-recommendations.ts';
export type { BuildIndexOptions, BuiltIndex } from './recommender/index-file.ts';
export { openRankingEngine, type RankingEngineOptions } from './recommender/ranking-engine.ts';
export type {
  FoldInRequest,
  Id,
  RecommendedItem,
  RecommendOptions,
  UserRecommendations,
} from './recommender/recommendation.ts';
export { type OpenOptions, Recommender } from './recommender/recommender.ts';
export type { Aim } from './training/aim.ts';
export type { TrainConfig, TrainConfigInput } from './training/config.ts';
export type { EngineIdentity, EpochRecord, Phase, StopReason, TrainEvent } from './training/events.ts';
export type { EvaluateModelOptions, TrainedModel, TrainOptions } from './training/train.ts';
export type { RunControls } from './training/train-embeddings.ts';
export type { TrainingData, TrainResult, Tuning } from './training/training-state.ts';
export type { Forgetting, UpdateOptions, UpdateResult } from './training/update/update-model.ts';
export { type ConfigFile, defineConfig } from './tuning/define-config.ts';
export type { TuneSettings } from './tuning/tune-settings.ts';

// The functions below load their modules on the first call: a program that only recommends never loads the code for training, reading files or databases.
/** Reads a log from files or a database, filters and splits it: options in `DatasetOptions`. */
export const loadDataset: typeof import('./data/dataset.ts').loadDataset = onDemand(
  () => import('./data/dataset.ts'),
  'loadDataset',
);
/** Reads a log of interactions as it is, without splits: CSV, TSV, JSON lines, Parquet, LightGCN text, or a table of a database. */
export const readInteractions: typeof import('./data/read.ts').readInteractions = onDemand(
  () => import('./data/read.ts'),
  'readInteractions',
);
/** Reads the titles of items from a file. */
export const readTitles: typeof import('./data/read-titles.ts').readTitles = onDemand(
  () => import('./data/read-titles.ts'),
  'readTitles',
);
/** Opens a durable feedback log in SQLite or PostgreSQL, and creates its table if needed. */
export const openFeedback: typeof import('./feedback/open-feedback.ts').openFeedback = onDemand(
  () => import('./feedback/open-feedback.ts'),
  'openFeedback',
);
/** Writes a model's embeddings for other programs (docs/export.md). */
export const exportEmbeddings: typeof import('./exchange/export-embeddings.ts').exportEmbeddings = onDemand(
  () => import('./exchange/export-embeddings.ts'),
  'exportEmbeddings',
);
/** Makes a model from embeddings that another program trained (docs/export.md). */
export const importEmbeddings: typeof import('./exchange/import-embeddings.ts').importEmbeddings = onDemand(
  () => import('./exchange/import-embeddings.ts'),
  'importEmbeddings',
);
/** Opens a model folder. With `trainingState: true` also what `updateModel` continues from. */
export const openModel: typeof import('./model/model-directory.ts').openModel = onDemand(
  () => import('./model/model-directory.ts'),
  'openModel',
);
/** Saves a model as a folder, atomically; an older model there is replaced. */
export const saveModel: typeof import('./model/model-directory.ts').saveModel = onDemand(
  () => import('./model/model-directory.ts'),
  'saveModel',
);
/** Writes recommendations for all users, or those listed, to a CSV, JSON lines or Parquet file. */
export const exportRecommendations: typeof import('./recommender/export-recommendations.ts').exportRecommendations =
  onDemand(() => import('./recommender/export-recommendations.ts'), 'exportRecommendations');
/** Builds the approximate index of a model folder (docs/approximate-index.md). */
export const buildIndex: typeof import('./recommender/index-file.ts').buildIndex = onDemand(
  () => import('./recommender/index-file.ts'),
  'buildIndex',
);
/** Trains a model on a dataset: options of training and the controls of the run in one object. Returns a `TrainedModel`, which recommends, saves and evaluates. */
export const train: typeof import('./training/train.ts').train = onDemand(() => import('./training/train.ts'), 'train');
/** Continues a model with new interactions, users and items (docs/updating.md). */
export const updateModel: typeof import('./training/update/update-model.ts').updateModel = onDemand(
  () => import('./training/update/update-model.ts'),
  'updateModel',
);
