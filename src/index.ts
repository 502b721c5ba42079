/**
 * The API for applications: read a log, train, recommend, evaluate, save models and store feedback. Other entries: `taurec/extend` (contracts of custom losses,
 * backbones, metrics and engines), `taurec/lab` (experiments, tuning and reports) and `taurec/server` (the HTTP server).
 */

import { onDemand } from './platform/on-demand.ts';

export type { Analytics, AnalyticsRow, DriftRow } from './analytics/analytics.ts';
export type { VariantComparison, VariantOptions, VariantReport, VariantSide } from './analytics/compare-variants.ts';
export type { KnownModel } from './analytics/event-store.ts';
export type { LogAnalytics, OpenAnalyticsOptions } from './analytics/open-analytics.ts';
export type { AnalyticsOptions, Grouping, PeriodOptions } from './analytics/options.ts';
export type { Rate } from './analytics/rates.ts';
export type { Replayed, ReplayedIds, ReplayOptions, ReplayResult } from './analytics/replay.ts';
export type { Csr } from './array/csr.ts';
export type { AnyMatrix, HalfMatrix } from './array/half-matrix.ts';
export type { Matrix } from './array/matrix.ts';
export { type BackboneName, backboneNames } from './backbone/backbones.ts';
export type { Attribute, Catalogue, CatalogueMatch } from './catalogue/catalogue.ts';
export type { EditedItem } from './catalogue/edited-catalogue.ts';
export type { AtMost } from './catalogue/limits.ts';
export type { Titles } from './catalogue/titles.ts';
export type { Where, WhereTest, WhereValue } from './catalogue/where.ts';
export type { ColdItems } from './cold/cold-items.ts';
export type { AttributeColumn, AttributeType, AttributeValue } from './data/attribute-columns.ts';
export type { Part } from './data/build-dataset.ts';
export type { CatalogueTable } from './data/catalogue-table.ts';
export { columnOptionsFor } from './data/column-options-for.ts';
export type { Column, ColumnOptions, ColumnsRead, ColumnTaken, FoundBy, Role } from './data/columns.ts';
export type { Dataset, DatasetOptions } from './data/dataset.ts';
export type { EventOptions, KindCount } from './data/event-kinds.ts';
export type { Format } from './data/formats/file-format.ts';
export type { PassedOver } from './data/formats/rejects.ts';
export { IdMap } from './data/id-map.ts';
export type { Interactions, ReadReport, SkippedRows } from './data/interactions.ts';
export type { CoreThresholds } from './data/k-core.ts';
export type { ReadOptions } from './data/read-options.ts';
export type { Source } from './data/source/source-name.ts';
export type { SplitMethod, SplitRecord } from './data/split/split.ts';
export { type SyntheticOptions, syntheticDataset } from './data/synthetic.ts';
export { type Shop, type ShopEvent, type ShopItem, type ShopOptions, syntheticShop } from './data/synthetic-shop.ts';
export type { PreviewColumn, PreviewOptions, TablePreview } from './data/table-preview.ts';
export type { TitleOptions } from './data/title-columns.ts';
export { enableFusedMultiplyAdd } from './engine/fused-multiply-add.ts';
export { type ErrorCode, type Facts, TaurecError } from './errors.ts';
export { itemKnnRanker, popularRanker, randomRanker } from './evaluation/baselines.ts';
export { easeRanker } from './evaluation/ease.ts';
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  evaluateSync,
  type Protocol,
} from './evaluation/evaluator.ts';
export type { GroupReport } from './evaluation/groups.ts';
export { embeddingRanker, type UserRanker } from './evaluation/rankers.ts';
export { slimRanker } from './evaluation/slim.ts';
export { type Shares, variantOf } from './evaluation/variant-of.ts';
export type { EmbeddingFormat, ExportEmbeddingsOptions } from './exchange/export-embeddings.ts';
export type { ImportEmbeddingsOptions, ImportReport } from './exchange/import-embeddings.ts';
export type { FeedbackEvent, FeedbackLog, StoredFeedback, WantedFeedback } from './feedback/feedback-log.ts';
export type { EditValue, ItemEdit, ItemState } from './feedback/item-edits.ts';
export { type ListOrigin, listId } from './feedback/list-id.ts';
export { type Trend, type TrendEvent, type TrendSettings, Trends, type TrendsOptions } from './feedback/trends.ts';
export type { ExportOptions } from './lists/export-recommendations.ts';
export type { ExportFormat } from './lists/list-format.ts';
export { type LossName, lossNames } from './loss/losses.ts';
export type { ModelVersion, Versions } from './model/current-version.ts';
export { createModel, type Model } from './model/model.ts';
export type { ModelConfig, ModelFacts } from './model/model-facts.ts';
export type { FolderHandle, ModelPlace } from './model/model-place.ts';
export type { ModelTrainingState } from './model/training-state.ts';
export type { PublishOptions } from './model/versions.ts';
export { buildNeighbors } from './neighbors/build-neighbors.ts';
export type { NeighborChoice, NeighborKind, NeighborSettings, Neighbors } from './neighbors/neighbors.ts';
export type { Absence, Explanation, FeedbackFact, Reason, Reasons } from './recommender/explanation.ts';
export type { FeedbackOfUser } from './recommender/feedback-items.ts';
export type { BuildIndexOptions, BuiltIndex } from './recommender/index-file.ts';
export type {
  ItemListOptions,
  ItemListRequest,
  ItemOrder,
  LatestOptions,
  TrendingOptions,
} from './recommender/item-lists.ts';
export type { ItemChange } from './recommender/live-catalogue.ts';
export { modelRanker } from './recommender/model-ranker.ts';
export type { LikedItems } from './recommender/new-users.ts';
export type { OpenOptions } from './recommender/open-options.ts';
export type { AbsenceCause, Basis, UserFeedback } from './recommender/people-ranker.ts';
export { openRankingEngine, type RankingEngineOptions } from './recommender/ranking-engine.ts';
export type {
  FoldInRequest,
  Id,
  ListedUsers,
  RecommendedItem,
  RecommendOptions,
  UserRecommendations,
} from './recommender/recommendation.ts';
export { Recommender } from './recommender/recommender.ts';
export type { SimilarOptions } from './recommender/similar-items.ts';
export type { UserList } from './recommender/user-list.ts';
export type { Aim } from './training/aim.ts';
export type { TrainConfig, TrainConfigInput } from './training/config.ts';
export type { EngineIdentity, EpochRecord, Phase, StopReason, TrainEvent } from './training/events.ts';
export { type PaceCommand, TrainingPace } from './training/pace.ts';
export type { Snapshot, SnapshotOptions } from './training/snapshots.ts';
export type { EvaluateModelOptions, TrainedModel, TrainOptions } from './training/train.ts';
export type { RunControls } from './training/train-embeddings.ts';
export type { TrainingData, TrainResult, Tuning } from './training/training.ts';
export type { Judgement, NightlyOptions, NightlyResult } from './training/update/nightly-update.ts';
export type { Forgetting, UpdateOptions, UpdateResult } from './training/update/update-model.ts';
export { type ConfigFile, defineConfig } from './tuning/define-config.ts';
export type { TuneSettings } from './tuning/tune-settings.ts';

// The functions below load their modules on the first call: a program that only recommends never loads the code for training, files or databases.
/**
 * Reads a log from files or a database, filters it and splits it into training, validation and test parts that share one set of user and item indices (options:
 * `DatasetOptions`). The order is: k-core, test split, validation split, recency weights.
 * @throws TaurecError `bad-option` for options that exclude each other; `empty-data` if the test split holds nothing out; the errors of `readInteractions` and `readTitles`
 */
export const loadDataset: typeof import('./data/dataset.ts').loadDataset = onDemand(
  () => import('./data/dataset.ts'),
  'loadDataset',
);
/**
 * Reads a log of interactions without splitting it: CSV, TSV, JSON, Parquet or LightGCN text, plain or compressed, from a file, several files, a folder, a pattern, an
 * `https://` URL or standard input (`-`); or a table or query of a database (`postgres://…?table=…`, `sqlite:PATH?table=…`). Ids are texts and stay unchanged ("007" is not 7).
 * @throws TaurecError `file-not-found`, `unreadable-file`, `packed-file`, `bad-encoding`, `nested-column`, `missing-column`, `bad-row`, `empty-data`, `bad-option`; for URLs
 * also `download-failed`; for databases also `bad-database-place`, `database-unreachable`, `database-login`, `database-failed`
 */
export const readInteractions: typeof import('./data/read.ts').readInteractions = onDemand(
  () => import('./data/read.ts'),
  'readInteractions',
);
/**
 * The beginning of a table as `readInteractions` would read it: format, separator, header, the first rows as texts, and the roles of the columns; of several files the first. Columns that the reader cannot tell are no error here:
 * `problem` holds it, and `columnOptionsFor` gives the options that name them.
 * @throws TaurecError as `readInteractions` for a file that cannot be read; `bad-option`
 */
export const previewTable: typeof import('./data/preview-table.ts').previewTable = onDemand(
  () => import('./data/preview-table.ts'),
  'previewTable',
);
/**
 * Reads titles of items from a file or a database table, in the formats of `readInteractions` except LightGCN text. Returns one title per item of the given `IdMap`, in
 * its order; '' for an item without a title.
 * @throws TaurecError as `readInteractions` for files, databases and columns
 */
export const readTitles: typeof import('./data/read-titles.ts').readTitles = onDemand(
  () => import('./data/read-titles.ts'),
  'readTitles',
);
/**
 * Reads a catalogue of items, with ids, titles and attributes, from a file, URL or database table (docs/catalogue.md): for `loadDataset`, `replaceCatalogue` and `Recommender.open`.
 * @throws TaurecError `bad-catalogue` for an id that occurs twice or is missing, naming the line; as `readInteractions` for files, databases and columns
 */
export const readCatalogue: typeof import('./data/read-catalogue.ts').readCatalogue = onDemand(
  () => import('./data/read-catalogue.ts'),
  'readCatalogue',
);
/**
 * Opens a durable feedback log in SQLite (`sqlite:PATH`, or a path ending in .db, .sqlite or .sqlite3) or PostgreSQL (`postgres://…`), and creates its table if needed.
 * `?table=NAME` chooses the table (default: feedback).
 * @throws TaurecError `bad-database-place`, `database-unreachable`, `database-login`, `database-failed`; `feedback-table` if the table is not a feedback log
 */
export const openFeedback: typeof import('./feedback/open-feedback.ts').openFeedback = onDemand(
  () => import('./feedback/open-feedback.ts'),
  'openFeedback',
);
/**
 * Writes a model's embeddings for other programs: NumPy, safetensors, Parquet, SQL for pgvector, or JSON (docs/export.md). Unless `raw` is set, the inner product of a
 * user's and an item's row, plus the item's bias if there is one, is the score. The write is atomic.
 * @throws TaurecError `bad-option`; `not-an-export` for a folder with other content; `cannot-export` for a model that the format cannot hold; `aborted`
 */
export const exportEmbeddings: typeof import('./exchange/export-embeddings.ts').exportEmbeddings = onDemand(
  () => import('./exchange/export-embeddings.ts'),
  'exportEmbeddings',
);
/**
 * Builds a model from embeddings that another program trained: .npy, .npz, safetensors, Parquet, JSON, JSON lines, CSV, TSV or word2vec text (docs/export.md).
 * @throws TaurecError `file-not-found`; `bad-embeddings` with the file and the row or line; `bad-option` and `unknown-name` for the score and the loss
 */
export const importEmbeddings: typeof import('./exchange/import-embeddings.ts').importEmbeddings = onDemand(
  () => import('./exchange/import-embeddings.ts'),
  'importEmbeddings',
);
/**
 * Opens a model folder. `trainingState: true` also reads the state that `updateModel` continues from, if the model was saved with it; that state is 2–3× the size of the
 * embeddings. Default false.
 * @throws TaurecError `no-model`, `newer-model`; `bad-model` or `bad-safetensors` for damaged files or files that do not fit together
 */
export const openModel: typeof import('./model/model-directory.ts').openModel = onDemand(
  () => import('./model/model-directory.ts'),
  'openModel',
);
/**
 * Publishes a model, or the model folder at a path, as the next version of a folder and makes it current (docs/versions.md). The version appears whole.
 * @throws TaurecError the errors of `openModel` and `saveModel`; `bad-option`; `not-versions` for a folder that holds other files; `folder-in-use`
 */
export const publishModel: typeof import('./model/versions.ts').publishModel = onDemand(
  () => import('./model/versions.ts'),
  'publishModel',
);
/** Makes an existing version of a folder current. @throws TaurecError `no-versions`, `unknown-name`, `folder-in-use` */
export const makeCurrent: typeof import('./model/versions.ts').makeCurrent = onDemand(
  () => import('./model/versions.ts'),
  'makeCurrent',
);
/** Goes back to the version that was current before the current one. @throws TaurecError `no-versions`, `no-earlier-version`, `folder-in-use` */
export const rollBack: typeof import('./model/versions.ts').rollBack = onDemand(
  () => import('./model/versions.ts'),
  'rollBack',
);
/** The versions of a folder, the current one and the history. @throws TaurecError `no-versions`, `damaged-versions` */
export const listVersions: typeof import('./model/versions.ts').listVersions = onDemand(
  () => import('./model/versions.ts'),
  'listVersions',
);
/**
 * Saves a model as a folder. The save is atomic. It replaces an older model in the folder and removes its approximate indexes; other files stay.
 * @throws TaurecError `not-a-model` if the folder is not empty and holds no taurec model; `bad-model` if the parts of the model do not fit together
 */
export const saveModel: typeof import('./model/model-directory.ts').saveModel = onDemand(
  () => import('./model/model-directory.ts'),
  'saveModel',
);
/**
 * Replaces the catalogue of a model folder, atomically; the rest of the model stays as it is.
 * @throws TaurecError as `openModel`; `model-changed` if another program writes the model meanwhile
 */
export const replaceCatalogue: typeof import('./model/replace-catalogue.ts').replaceCatalogue = onDemand(
  () => import('./model/replace-catalogue.ts'),
  'replaceCatalogue',
);
/**
 * Writes recommendations for all users, or for the listed ones, to a CSV, JSON lines or Parquet file, and returns the number of users. The write is atomic. With `resume` finished parts outlast a cancellation, with `queue` workers
 * make them.
 * @throws TaurecError `bad-option` for an unknown format, and for `resume` or `queue` with lists that are not those of the stored model; `unknown-id` for a listed user that the model does not know; with `resume` `lists-mismatch` and
 * `folder-in-use`; over a queue `lists-failed`, `missing-package`, `queue-unreachable`; `aborted`
 */
export const exportRecommendations: typeof import('./lists/export-recommendations.ts').exportRecommendations = onDemand(
  () => import('./lists/export-recommendations.ts'),
  'exportRecommendations',
);
/**
 * Builds the approximate index of a model folder (docs/approximate-index.md), or keeps a complete index of the same embeddings. Needs the optional package usearch.
 * @throws TaurecError the errors of `openModel`; `bad-option` for an invalid number of threads; `missing-package`; `aborted`
 */
export const buildIndex: typeof import('./recommender/index-file.ts').buildIndex = onDemand(
  () => import('./recommender/index-file.ts'),
  'buildIndex',
);
/**
 * Trains a model on a dataset, choosing the best epoch on the validation part if there is one. One object holds the training options and the controls of the run
 * (`onProgress`, `signal`, checkpoints). Returns a `TrainedModel`, which recommends, saves and evaluates. Worker threads do the work; only a loss or backbone given as
 * an object runs on the calling thread.
 * @throws TaurecError `bad-option`, `unknown-name`, `aborted`, `diverged`, `checkpoint-mismatch`, `bad-checkpoint`, `coordinator-died`
 */
export const train: typeof import('./training/train.ts').train = onDemand(() => import('./training/train.ts'), 'train');
/**
 * Updates a model with new interactions, users and items: adds their rows and trains for a few epochs on all interactions, old and new (docs/updating.md). For the
 * optimiser's state, open the model with `trainingState: true`. The same model, log and options give the same result for any number of threads.
 * @throws TaurecError `bad-option`, `no-training-state`, `update-imported`, `update-source`, `bad-model`, `aborted`, `diverged`, `memory-limit`, `memory-short`
 */
export const updateModel: typeof import('./training/update/update-model.ts').updateModel = onDemand(
  () => import('./training/update/update-model.ts'),
  'updateModel',
);
/**
 * Opens the events of a feedback log, or of files, for analytics: rates of answered impressions, comparison of variants, replay of a model (docs/analytics.md).
 * @throws TaurecError `missing-column`, `unclear-columns`, `bad-row`, `missing-package`, and the errors of files and databases
 */
export const openAnalytics: typeof import('./analytics/open-analytics.ts').openAnalytics = onDemand(
  () => import('./analytics/open-analytics.ts'),
  'openAnalytics',
);
/**
 * Updates a model and judges the update first: holds out the latest part of what is new, and compares both models on it (docs/versions.md).
 * @throws TaurecError `missing-column` for a log without times; the errors of `updateModel` and `evaluate`
 */
export const nightlyUpdate: typeof import('./training/update/nightly-update.ts').nightlyUpdate = onDemand(
  () => import('./training/update/nightly-update.ts'),
  'nightlyUpdate',
);
