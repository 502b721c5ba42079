import type { CarriedError } from '../platform/carried-error.ts';
import type { RankingEngineOptions } from '../recommender/ranking-engine.ts';
import type { FoldInRequest, RecommendOptions } from '../recommender/recommendation.ts';

/** What the main thread and the scoring thread say to each other. */

/** The options of a list of recommendations, ready to be posted. */
export interface ListOptions extends Omit<RecommendOptions, 'exclude' | 'allow'> {
  readonly k: number;
  readonly exclude?: readonly string[];
  readonly allow?: readonly string[];
  readonly diversity?: number;
  readonly discover?: number;
}

/** Lists for users. */
export interface RecommendJob {
  readonly type: 'recommend';
  readonly users: readonly string[];
  /** What each user has been seen to do since the model was trained; absent for a user: nothing. */
  readonly feedback: readonly (readonly string[] | undefined)[];
  readonly options: ListOptions;
  /** Equal for equal options: jobs with one key are ranked together. */
  readonly key: string;
}

/** A list for a new user, given items they like. */
export interface ForItemsJob {
  readonly type: 'for-items';
  readonly items: readonly string[];
  readonly request: ListOptions & Pick<FoldInRequest, 'unknown'> & { readonly weights?: readonly number[] };
}

/** The items nearest to an item. */
export interface SimilarJob {
  readonly type: 'similar';
  readonly item: string;
  readonly k: number;
}

/** Scores of pairs. */
export interface ScoreJob {
  readonly type: 'score';
  readonly pairs: readonly { readonly user: string; readonly item: string }[];
}

export type ScoringJob = RecommendJob | ForItemsJob | SimilarJob | ScoreJob;

/** Pieces of JSON (one for each user of a job for users, one otherwise), or why there are none. */
export type Answer = { readonly json: readonly string[] } | { readonly error: CarriedError };

/** What a scoring thread gets when it is spawned. */
export interface ScoringTask {
  readonly directory: string;
  readonly options: RankingEngineOptions & { readonly index?: 'exact' | 'approximate' };
}

/** Public facts about the served model. */
export interface ModelInfo {
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  readonly dimension: number;
  readonly titles: boolean;
  readonly backbone: string;
  readonly score: 'cosine' | 'dot';
  readonly loss: unknown;
  readonly seed: number;
  readonly epochs: number;
  readonly metrics: unknown;
  readonly versions: unknown;
}

export type ToScoring = { readonly type: 'batch'; readonly jobs: readonly ScoringJob[] } | { readonly type: 'close' };

export type FromScoring =
  | { readonly type: 'ready'; readonly info: ModelInfo }
  | { readonly type: 'failed'; readonly error: CarriedError }
  | { readonly type: 'answers'; readonly answers: readonly Answer[]; readonly seconds: number };
