import type { Attribute } from '../catalogue/catalogue.ts';
import type { Where } from '../catalogue/where.ts';
import type { ItemState } from '../feedback/item-edits.ts';
import type { TrendsOptions } from '../feedback/trends.ts';
import type { CarriedError } from '../platform/carried-error.ts';
import type { ItemOrder, LatestOptions, TrendingOptions } from '../recommender/item-lists.ts';
import type { RankingEngineOptions } from '../recommender/ranking-engine.ts';
import type { FoldInRequest, RecommendOptions } from '../recommender/recommendation.ts';
import type { SimilarOptions } from '../recommender/similar-items.ts';

/** Messages between the main thread and the scoring thread. All are plain data, copied by `postMessage`. */

/** Options of a list of recommendations as plain data: arrays instead of the library's iterables. */
export interface ListOptions extends Omit<RecommendOptions, 'exclude' | 'allow' | 'feedback'> {
  readonly k: number;
  readonly exclude?: readonly string[];
  readonly allow?: readonly string[];
  readonly diversity?: number;
  readonly discover?: number;
  readonly explain?: number;
  readonly explore?: number;
  readonly seed?: number;
}

/** What jobs for a person may ask besides their options. */
interface Personal {
  /** c of a popularity prior in place of the model's own. */
  readonly prior?: number;
}

/** Job: one list for each user. */
export interface RecommendJob extends Personal {
  readonly type: 'recommend';
  readonly users: readonly string[];
  readonly options: ListOptions;
  /** A text of the options and the prior. Jobs with equal keys are ranked together. */
  readonly key: string;
}

/** Job: a list for a new user, given items they like. */
export interface ForItemsJob extends Personal {
  readonly type: 'for-items';
  /** A job for the reasons of this item, or of its absence, in place of the list. */
  readonly explained?: string;
  readonly items: readonly string[];
  readonly request: ListOptions & Pick<FoldInRequest, 'unknown'> & { readonly weights?: readonly number[] };
}

/** Job: the k items most similar to an item. */
export interface SimilarJob extends Pick<SimilarOptions, 'where' | 'atMost'> {
  readonly type: 'similar';
  readonly item: string;
  readonly k: number;
  readonly by?: SimilarOptions['by'];
}

/** Job: a list for everybody. */
export interface ItemsJob {
  readonly type: 'items';
  readonly by: ItemOrder;
  readonly options: Pick<ListOptions, 'k' | 'exclude' | 'where' | 'atMost'> &
    Pick<LatestOptions, 'time'> &
    Pick<TrendingOptions, 'window' | 'halfLife'>;
}

/** Job: why an item is in a user's list, or why it is not. */
export interface ExplainJob extends Personal {
  readonly type: 'explain';
  readonly user: string;
  readonly item: string;
  readonly options: ListOptions;
}

/** Job: one score for each pair of a user and an item, as two columns: ten thousand objects take ten times as long to copy as their texts. */
export interface ScoreJob {
  readonly type: 'score';
  readonly users: readonly string[];
  readonly items: readonly string[];
}

/** A unit of a request that the scoring thread answers as one. */
export type ScoringJob = RecommendJob | ForItemsJob | SimilarJob | ItemsJob | ExplainJob | ScoreJob;

/**
 * Answer to a job: JSON texts (one for each user of a job for users, otherwise one), or an error; or `deferred`, for a light job that needs a fold-in by feedback or a new ranking of trends: it belongs into the dear lane.
 */
export type Answer =
  | { readonly json: readonly string[] }
  | { readonly error: CarriedError }
  | { readonly deferred: true };

/** Batches of the light lane run at once; those of the dear lane in steps between them. The thread has at most one batch of each. */
export type Lane = 'light' | 'dear';

/** Feedback events as columns. `hides`: whether the item disappears from the user's lists; `likes`: whether it is a positive; `until`: the time from which the event does not count, in seconds since 1970, Infinity for never. */
export interface FeedbackColumns {
  readonly users: readonly string[];
  readonly items: readonly string[];
  readonly hides: readonly boolean[];
  readonly likes: readonly boolean[];
  readonly until: readonly number[];
  readonly kinds: readonly string[];
  /** Seconds since 1970. */
  readonly times: readonly number[];
}

/** Size of the feedback sets. */
export interface FeedbackSize {
  readonly users: number;
  readonly pairs: number;
  readonly dropped: number;
}

/** Start values of a scoring thread: the model directory and how to open it. */
export interface ScoringTask {
  readonly directory: string;
  readonly options: RankingEngineOptions & { readonly index?: 'exact' | 'approximate'; readonly trustIndex?: boolean };
  /** A catalogue in place of the model's own. */
  readonly catalogue?: string;
  /** Edits of items before the opening: those that the model does not know are placed by their attributes. */
  readonly edits?: readonly ItemState[];
  /** Filters of the server, which must fit the catalogue. */
  readonly filters: readonly Where[];
  /** Maximum memory of the feedback sets, in bytes. */
  readonly feedbackBytes: number;
  /** What trends count, and for how many seconds they keep feedback. */
  readonly trends: Pick<TrendsOptions, 'eventWeights' | 'window'>;
}

/** Facts about the served model, as `GET /v1/model` returns them. `dimension` is d, the length of an embedding; `titles` tells whether items have titles. */
export interface ModelInfo {
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  readonly dimension: number;
  readonly titles: boolean;
  /** Names and types of the items' attributes. */
  readonly attributes: readonly Attribute[];
  readonly backbone: string;
  readonly score: 'cosine' | 'dot';
  readonly loss: unknown;
  readonly seed: number;
  /** c of the popularity prior. */
  readonly popularityPrior: number;
  readonly epochs: number;
  readonly metrics: unknown;
  /** What names the model in the ids of its lists: `modelMark`, or the name of the published version. */
  readonly version: string;
  readonly versions: unknown;
}

/** Messages to the scoring thread: a batch of jobs; feedback to add, or a user to forget; states of edited items; or the request to close the model and exit. */
export type ToScoring =
  | { readonly type: 'batch'; readonly lane: Lane; readonly jobs: readonly ScoringJob[] }
  | { readonly type: 'feedback'; readonly events: FeedbackColumns }
  | { readonly type: 'forget'; readonly user: string }
  | { readonly type: 'items'; readonly states: readonly ItemState[] }
  | { readonly type: 'close' };

/**
 * Messages from the scoring thread: `ready` (with the notices of the opening) or `failed` once after the opening, then `answers` for each batch, in the order of its jobs (`seconds` is the time spent on it), and `fed` for each message of feedback,
 * in their order, and `edited` for each message of items (`unplaced`: one of them is new, and has no place until the model is opened again).
 */
export type FromScoring =
  | { readonly type: 'ready'; readonly info: ModelInfo; readonly notices: readonly string[] }
  | { readonly type: 'failed'; readonly error: CarriedError }
  | { readonly type: 'answers'; readonly lane: Lane; readonly answers: readonly Answer[]; readonly seconds: number }
  | { readonly type: 'fed'; readonly size: FeedbackSize }
  | { readonly type: 'edited'; readonly unplaced: boolean };
