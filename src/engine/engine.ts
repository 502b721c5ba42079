import type { Csr } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import type { LossSource } from '../loss/loss.ts';
import type { OptimizerOptions } from '../optimizer/optimizer.ts';
import type { Batch, BatchCapacity } from '../sampler/sampler.ts';
import type { NodeOperations } from './node-operations.ts';

/** Score of a user and an item: cosine of their embeddings, or their inner product. */
export type ScoreKind = 'cosine' | 'dot';

/** The problem that an engine is opened for. Its memory is sized from it, once. */
export interface EnginePlan {
  readonly users: number;
  readonly items: number;
  readonly dimension: number;
  readonly score: ScoreKind;
  /** Absent: the engine only ranks. */
  readonly training?: TrainingPlan;
  /** Needs of the backbone, for training only. Absent: matrix factorisation, where base and final embeddings are the same. */
  readonly backbone?: BackbonePlan;
}

/** The graph, tables and parameters of a backbone: memory is sized from it. */
export interface BackbonePlan {
  /** [users × items] the interactions that make the graph; their values do not count. */
  readonly graph: Csr;
  /** Columns of the final embeddings. */
  readonly outputDimension: number;
  /** Exponents of the node degrees that `propagate` is called with. */
  readonly exponents: readonly number[];
  /** Scratch tables with a row for every node: their columns, by name. */
  readonly tables: Readonly<Record<string, number>>;
  /** Trained parameters other than the embeddings: rows and columns, by name. */
  readonly weights: Readonly<Record<string, readonly [rows: number, columns: number]>>;
  /** The most nodes that `contrast` compares with one another; absent: it is not called. */
  readonly contrastNodes?: number;
}

/** Loss, optimiser and sizes of a training run. An engine without it only ranks. */
export interface TrainingPlan {
  readonly loss: LossSource;
  readonly optimizer: OptimizerOptions;
  readonly capacity: BatchCapacity;
  readonly stepsPerEpoch: number;
  /** Probability that an embedding element is dropped in a batch, [0, 1); kept ones are scaled by 1/(1 − p). */
  readonly embeddingDropout: number;
  readonly seed: number;
}

/** Top-k of items for each query row. */
export interface RankRequest {
  /** One query a row (user embeddings, not normalised). */
  readonly queries: Matrix;
  readonly k: number;
  /** Items a query must not get: row q's, ascending. */
  readonly excluded?: Csr;
  /** For AUC: `above[e]` counts, for each entry (q, item) of this matrix, the not excluded items other than it that rank above it (higher score, or equal and lower id). */
  readonly targets?: Csr;
  /** [items] added to every query's score of the item, finite: a score is s(query, item) + itemBias[item]. Absent: 0. */
  readonly itemBias?: Float32Array;
}

/** The best items of each query, as `rank` returns them. */
export interface RankResult {
  /** [queries × k] best first; ties to the lower item; −1 where fewer than k items remain. */
  readonly items: Int32Array;
  /** Scores of `items`, in the same order; −Infinity where `items` has −1. */
  readonly scores: Float32Array;
  /** One count for each of `targets.indices`, when targets were given. */
  readonly above?: Int32Array;
}

/** Seconds the coordinator spent, since the last `resetStats`. */
export interface EngineStats {
  readonly steps: number;
  /** Copying the batch, listing touched rows. */
  readonly bookkeeping: number;
  /** Bringing touched rows up to date, gathering, dropout, normalising. */
  readonly gather: number;
  readonly scores: number;
  /** Evaluating rows, and what the loss keeps between steps. */
  readonly loss: number;
  readonly userGradients: number;
  readonly itemGradients: number;
  readonly optimizer: number;
  /** The operations of the backbone, and in the parts above what they do there. */
  readonly nodes: number;
  /** Waiting for the other threads. */
  readonly waiting: number;
  /** True when the loss ran in a dedicated kernel. */
  readonly fused: boolean;
}

/** Named arrays that, with the embeddings, are all an optimiser needs to continue bit for bit. Views; valid until close. */
export type OptimizerState = Readonly<Record<string, Float32Array>>;

/**
 * An engine holds the embedding tables and does the arithmetic of a training step and of ranking. All verbs are synchronous: an engine lives
 * where blocking is allowed. The reference engine is the definition; every other engine is held to it by differential tests.
 *
 * A step: begin → [the backbone's forward] → gather → scoreRows → itemGradients → [the backbone's backward] → update.
 */
export interface Engine {
  readonly name: 'reference' | 'wasm';
  /** Which arithmetic: plain JavaScript, 128-bit SIMD, or SIMD with fused multiply-add. Results are reproducible within one build. */
  readonly build: 'plain' | 'simd' | 'simd-fma';
  readonly threads: number;
  /** Base embeddings, views into the engine's memory; write initial values here. */
  readonly users: Matrix;
  readonly items: Matrix;
  /**
   * Final embeddings, which are scored and ranked; read-only. Without a backbone the base embeddings themselves; with one, what its last `forward` wrote. Do not
   * keep them over a step.
   */
  readonly finals: { readonly users: Matrix; readonly items: Matrix };
  /** Tables and operations of the backbone; absent without one. */
  readonly nodes?: NodeOperations;
  /** The backbone's own parameters, by name; write initial values here. Views; with the padding of their rows. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** Optimiser moments: usersM, usersV, itemsM, itemsV, and of each parameter `weightM.name` and `weightV.name` (absent under SGD). */
  readonly optimizerState: OptimizerState;
  /** What the loss keeps between steps: of users, items, global those that it needs. Views; with the embeddings and moments, all that training needs to continue bit for bit. */
  readonly lossState: Readonly<Record<string, Float32Array>>;

  /** Starts an epoch that begins after `step` optimiser steps have been done in all (for Adam's bias correction). All rows must be settled. */
  startEpoch(epoch: number, step: number): void;
  /** Takes a batch and lists the rows that it touches. `step` counts from 0 in the epoch. */
  begin(batch: Batch, step: number): void;
  /** Takes the batch's rows of the final embeddings: brings them up to date (without a backbone), applies dropout, normalises (cosine). */
  gather(): void;
  /**
   * Scores, loss and score gradients row by row, gradients of the user embeddings. Returns Σ rowWeight · value. Its last act, where the loss keeps states,
   * is `loss.updateStates`: all rows see the states that the previous step's scoreRows left.
   */
  scoreRows(): number;
  /** Gradients of the item embeddings; with a backbone, `nodes.finalGradient` then holds the gradients of users and items. */
  itemGradients(): void;
  /** Applies the optimiser to the touched rows; with a backbone to all rows (their gradients in `nodes.baseGradient`) and its parameters. */
  update(learningRate: number): void;
  /** Brings every row up to date, as a dense optimiser would have it. Call at each epoch's end, before embeddings are read or saved. */
  settle(): void;
  /**
   * Gradients of the last step by row of the base embeddings, for tests and tools: before update, after itemGradients and the backbone's backward. Includes L2.
   * The touched rows; with a backbone all rows.
   */
  gradients(): { readonly users: Map<number, Float32Array>; readonly items: Map<number, Float32Array> };

  /** Full ranking of all items for each query. Item embeddings are read afresh when `itemsChanged` was called or at the first call. */
  rank(request: RankRequest): RankResult;
  /** Announces that the caller has written item embeddings since the last `rank`. `startEpoch` implies it. */
  itemsChanged(): void;

  /** Seconds spent on each part of a step since the last `resetStats`. */
  stats(): EngineStats;
  /** Sets the numbers of `stats` back to 0. */
  resetStats(): void;
  /** Ends the helper threads. The engine, and every view of its memory, is not to be used afterwards. */
  close(): Promise<void>;
}
