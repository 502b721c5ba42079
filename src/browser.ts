/**
 * `taurec` in a browser: the exports of `index.ts` that need no files, Node threads or databases. They behave as in Node. Bundlers select this entry by the condition
 * `browser` of package.json. `Recommender.open` and `openModel` fetch a model folder by its address. Training and ranking block the calling thread, also where the engine has
 * more threads: use a Web Worker for long work.
 */

import { onDemand } from './platform/on-demand.ts';

export type { Csr } from './array/csr.ts';
export type { AnyMatrix, HalfMatrix } from './array/half-matrix.ts';
export type { Matrix } from './array/matrix.ts';
export { type BackboneName, backboneNames } from './backbone/backbones.ts';
export { type Isolation, isolatePage } from './browser/isolate-page.ts';
export { openModel, saveModel } from './browser/open-model.ts';
export type { PageDatasetOptions } from './browser/reading/load-dataset.ts';
export type { PageFile, PagePlace, PageSource } from './browser/reading/page-source.ts';
export type { ReadControls, ReadProgress } from './browser/reading/read-controls.ts';
export { trainInWorker } from './browser/train-in-worker.ts';
export { zipModel } from './browser/zip-model.ts';
export type { Attribute, Catalogue } from './catalogue/catalogue.ts';
export type { EditedItem } from './catalogue/edited-catalogue.ts';
export type { AtMost } from './catalogue/limits.ts';
export type { Titles } from './catalogue/titles.ts';
export type { Where, WhereTest, WhereValue } from './catalogue/where.ts';
export type { ColdItems } from './cold/cold-items.ts';
export type { AttributeColumn, AttributeType, AttributeValue } from './data/attribute-columns.ts';
export type { Dataset } from './data/build-dataset.ts';
export type { CatalogueTable } from './data/catalogue-table.ts';
export { columnOptionsFor } from './data/column-options-for.ts';
export { IdMap } from './data/id-map.ts';
export type { Interactions, ReadReport, SkippedRows } from './data/interactions.ts';
export type { ReadOptions } from './data/read-options.ts';
export type { SplitMethod, SplitRecord } from './data/split/split.ts';
export { type SyntheticOptions, syntheticDataset } from './data/synthetic.ts';
export { type Shop, type ShopEvent, type ShopItem, type ShopOptions, syntheticShop } from './data/synthetic-shop.ts';
export type { PreviewColumn, PreviewOptions, TablePreview } from './data/table-preview.ts';
export type { TitleOptions } from './data/title-columns.ts';
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
export type { FeedbackEvent, FeedbackLog, StoredFeedback, WantedFeedback } from './feedback/feedback-log.ts';
export { type ListOrigin, listId } from './feedback/list-id.ts';
export { type Trend, type TrendEvent, type TrendSettings, Trends, type TrendsOptions } from './feedback/trends.ts';
export { type LossName, lossNames } from './loss/losses.ts';
export { createModel, type Model } from './model/model.ts';
export type { ModelConfig, ModelFacts } from './model/model-facts.ts';
export type { FolderHandle, ModelPlace } from './model/model-place.ts';
export { buildNeighbors } from './neighbors/build-neighbors.ts';
export type { Absence, Explanation, FeedbackFact, Reason, Reasons } from './recommender/explanation.ts';
export type { FeedbackOfUser } from './recommender/feedback-items.ts';
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
export { type EvaluateModelOptions, type TrainedModel, type TrainOptions, train } from './training/train.ts';
export type { RunControls } from './training/train-embeddings.ts';
export type { TrainingData, TrainResult, Tuning } from './training/training.ts';

// The functions below load their modules on the first call: a bundler that splits at import() keeps them apart.
/** Reads a log from files of the page or addresses, filters it and splits it; see `PageDatasetOptions`. @throws TaurecError as in Node; `aborted` by `signal` */
export const loadDataset: typeof import('./browser/reading/load-dataset.ts').loadDataset = /*#__PURE__*/ onDemand(
  () => import('./browser/reading/load-dataset.ts'),
  'loadDataset',
);
/**
 * Reads a log of interactions without splitting it, from a `File`, a `Blob`, `{ name, blob }`, an address or a list of these, in the formats and with the rules of Node.
 * @throws TaurecError as in Node; `aborted` by `signal`
 */
export const readInteractions: typeof import('./browser/reading/read-interactions.ts').readInteractions =
  /*#__PURE__*/ onDemand(() => import('./browser/reading/read-interactions.ts'), 'readInteractions');
/** Reads titles of items: one for each item of the given `IdMap`, '' for an item without a title. @throws TaurecError as `readInteractions` for files and columns */
export const readTitles: typeof import('./browser/reading/read-titles.ts').readTitles = /*#__PURE__*/ onDemand(
  () => import('./browser/reading/read-titles.ts'),
  'readTitles',
);
/** Reads a catalogue of items, with ids, titles and attributes. @throws TaurecError `bad-catalogue`; as `readInteractions` for files and columns */
export const readCatalogue: typeof import('./browser/reading/read-catalogue.ts').readCatalogue = /*#__PURE__*/ onDemand(
  () => import('./browser/reading/read-catalogue.ts'),
  'readCatalogue',
);
/** The beginning of a table as `readInteractions` would read it, with the roles of its columns, for a page that lets people correct them (`columnOptionsFor`). @throws TaurecError as `readInteractions` for files */
export const previewTable: typeof import('./browser/reading/preview-table.ts').previewTable = /*#__PURE__*/ onDemand(
  () => import('./browser/reading/preview-table.ts'),
  'previewTable',
);
