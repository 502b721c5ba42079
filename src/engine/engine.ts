// The contract of an engine: what training and ranking need from the arithmetic. The reference engine (reference/) and the WebAssembly engine (wasm/) implement it.

import type { Csr } from '../array/csr.ts';
import type { AnyMatrix } from '../array/half-matrix.ts';
import type { Matrix } from '../array/matrix.ts';
import type { Loss, LossSource } from '../loss/loss.ts';
import type { OptimizerOptions } from '../optimizer/optimizer.ts';
import type { Batch, BatchCapacity } from '../sampler/sampler.ts';
import type { NodeOperations } from './node-operations.ts';

/** The score of a user and an item: the cosine of their embeddings, or their inner product. */
export type ScoreKind = 'cosine' | 'dot';

/** The sizes and settings that an engine is opened for. The engine sizes its memory from them, once. */
export interface EnginePlan {
  readonly users: number;
  readonly items: number;
  readonly dimension: number;
  /** The score that the loss sees. */
  readonly score: ScoreKind;
  /** The score that `rank` orders by. Absent: `score`. */
  readonly rankingScore?: ScoreKind;
  /**
   * `f16`: the tables hold 16-bit floats, of an engine that only ranks (docs/half-precision.md). Every result is that of their values in 32 bits. The reference engine holds 32-bit floats all the same. Absent: 32-bit floats.
   */
  readonly precision?: 'f16';
  /** Loss, optimiser and batch sizes. Absent: the engine only ranks. */
  readonly training?: TrainingPlan;
  /** Graph, tables and parameters of the backbone, for training only. Absent: matrix factorisation, where base and final embeddings are the same. */
  readonly backbone?: BackbonePlan;
}

/** The graph, tables and parameters of a backbone. The engine sizes its memory from them. A node is a user or an item; users come first. */
export interface BackbonePlan {
  /** [users × items] the interactions that are the graph's edges; their values are ignored. */
  readonly graph: Csr;
  /** Columns of the final embeddings (they may differ from the plan's `dimension`). */
  readonly outputDimension: number;
  /** Every exponent of node degrees that `propagate` will be called with; the engine computes the powers once. */
  readonly exponents: readonly number[];
  /** Scratch tables [nodes × columns]: the number of columns, by name. */
  readonly tables: Readonly<Record<string, number>>;
  /** Trained parameters other than the embeddings: rows and columns, by name. */
  readonly weights: Readonly<Record<string, readonly [rows: number, columns: number]>>;
  /** The maximum number of nodes that `contrast` compares with each other. Absent: the backbone does not call `contrast`. */
  readonly contrastNodes?: number;
}

/** Loss, optimiser and sizes of a training run. An engine opened without one only ranks. */
export interface TrainingPlan {
  readonly loss: LossSource;
  readonly optimizer: OptimizerOptions;
  /** The largest batch that the sampler can produce. */
  readonly capacity: BatchCapacity;
  readonly stepsPerEpoch: number;
  /** Probability p in [0, 1) that an element of an embedding is dropped in a batch; the elements that stay are multiplied by 1/(1 − p). */
  readonly embeddingDropout: number;
  readonly seed: number;
}

/** Asks for the k best items of each query. */
export interface RankRequest {
  /** [queries × columns] one query (a user's final embedding, not normalised) per row. */
  readonly queries: Matrix;
  /** Items per query, ≥ 0. */
  readonly k: number;
  /** [queries × items] the items that each query must not get, ascending in a row. */
  readonly excluded?: Csr;
  /**
   * [queries × items] for AUC: for each entry e = (q, item), `above[e]` of the result counts the other items that rank above it (higher score, or equal score and
   * lower id), without the excluded ones.
   */
  readonly targets?: Csr;
  /** [items] finite numbers added to the scores: the score is s(query, item) + itemBias[item]. Absent: 0. */
  readonly itemBias?: Float32Array;
  /** [queries × items] finite numbers added to single scores, after the bias. Absent: 0. */
  readonly additions?: Csr;
}

/** The best items of each query, returned by `rank`. */
export interface RankResult {
  /** [queries × k] best first; of equal scores the lower item first; −1 where fewer than k items remain. */
  readonly items: Int32Array;
  /** [queries × k] scores of `items`, in the same order; −Infinity where `items` has −1. */
  readonly scores: Float32Array;
  /** One count per entry of `targets.indices`, if the request has targets. */
  readonly above?: Int32Array;
}

/** Products of vectors with listed rows of `Engine.items`, in 32-bit arithmetic. Both run on the calling thread. */
export interface ItemProducts {
  /** out_p = ⟨vector, item row listed at p⟩; `vector` is [dimension]. */
  dots(listed: Int32Array, vector: Float64Array, out: Float64Array): void;
  /** out = Σ_p factors_p · (item row listed at p); `out` is [dimension]. */
  sum(listed: Int32Array, factors: Float64Array, out: Float64Array): void;
}

/** The loss of one person whom the model does not contain, with the items fixed. Positives and negatives are distinct items. */
export interface PersonProblem {
  readonly loss: Loss;
  /** The score that the loss sees. */
  readonly score: ScoreKind;
  /** [P] the items that the person likes, with weights > 0; absent: all 1. */
  readonly positives: Int32Array;
  readonly positiveWeights?: Float32Array;
  /** [n] the items that they are compared with, with weights > 0; absent: all 1. */
  readonly negatives: Int32Array;
  readonly negativeWeights?: Float32Array;
}

/** Seconds that the coordinating thread has spent on each part of a step since the last `resetStats`. */
export interface EngineStats {
  /** Optimiser steps, a count. */
  readonly steps: number;
  /** Copying the batch and listing the rows that it touches. */
  readonly bookkeeping: number;
  /** Bringing touched rows up to date, gathering, dropout, normalising. */
  readonly gather: number;
  readonly scores: number;
  /** Evaluating the loss row by row, and updating the states that it keeps between steps. */
  readonly loss: number;
  readonly userGradients: number;
  readonly itemGradients: number;
  readonly optimizer: number;
  /** The operations of the backbone. Operations that run inside one of the parts above are counted there too. */
  readonly nodes: number;
  /** Waiting for the other threads. `gather`, `itemGradients`, `optimizer` and `nodes` contain theirs. */
  readonly waiting: number;
  /** True if the loss runs in a dedicated kernel. */
  readonly fused: boolean;
}

/** Named arrays from which, together with the embeddings, an optimiser continues bit for bit. The engine's own, valid until `close`. */
export type OptimizerState = Readonly<Record<string, Float32Array>>;

/**
 * An engine holds the embedding tables and does the arithmetic of training steps and of ranking. All methods but `close` are synchronous and block their thread, so
 * call them where blocking is allowed. The reference engine is the definition; differential tests compare every other engine with it.
 *
 * M: the matrices of its tables, `Matrix` unless the plan names a `precision`.
 *
 * Order of the calls in a step: begin → [the backbone's forward] → gather → scoreRows → itemGradients → [the backbone's backward] → update.
 */
export interface Engine<M extends AnyMatrix = Matrix> {
  readonly name: 'reference' | 'wasm';
  /** The arithmetic: plain JavaScript, 128-bit SIMD, or SIMD with fused multiply-add. Results are reproducible within one build. */
  readonly build: 'plain' | 'simd' | 'simd-fma';
  readonly threads: number;
  /** Base embeddings, users × dimension and items × dimension: the engine's own. Write initial values here. */
  readonly users: M;
  readonly items: M;
  /**
   * Final embeddings, which are scored and ranked; read-only. Without a backbone they are the base embeddings; with one, its last `forward` wrote them. They are valid
   * until the next step.
   */
  readonly finals: { readonly users: M; readonly items: M };
  /** Tables and operations of the backbone; absent without one. */
  readonly nodes?: NodeOperations;
  /** The backbone's parameters, by name: views of the engine's memory, including the padding of their rows. Write initial values here. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** Optimiser moments: usersM, usersV, itemsM, itemsV, and for each parameter `weightM.name` and `weightV.name`. Empty under SGD. */
  readonly optimizerState: OptimizerState;
  /**
   * The states that the loss keeps between steps: `users`, `items` and `global`, as far as the loss needs them. Views of the engine's memory. With the embeddings and the
   * moments they let training continue bit for bit.
   */
  readonly lossState: Readonly<Record<string, Float32Array>>;

  /** Starts an epoch. `step` is the number of optimiser steps done before it in the whole training (for Adam's bias correction). All rows must be settled. The loss may renew its states (`Loss.startEpoch`). */
  startEpoch(epoch: number, step: number): void;
  /** Copies a batch and lists the rows that it touches. `step` counts from 0 in the epoch. */
  begin(batch: Batch, step: number): void;
  /** Gathers the batch's rows of the final embeddings: brings them up to date (without a backbone), applies dropout, normalises them (cosine). */
  gather(): void;
  /**
   * Computes scores, loss and score gradients row by row, and the gradients of the user embeddings. Returns Σ rowWeight · value. If the loss keeps states, the last
   * thing it does is `loss.updateStates`: all rows of a step see the states that the previous step left.
   */
  scoreRows(): number;
  /** Computes the gradients of the item embeddings. With a backbone, `nodes.finalGradient` then holds the gradients of users and items. */
  itemGradients(): void;
  /**
   * Applies the optimiser to the touched rows; with a backbone to all rows (gradients in `nodes.baseGradient`) and to its parameters. Calls `meanwhile` once, while other
   * threads work: it may not call the engine.
   */
  update(learningRate: number, meanwhile?: () => void): void;
  /** Brings every row to the state that a dense optimiser would have given it. Call it at the end of each epoch, before embeddings are read or saved. */
  settle(): void;
  /**
   * Gradients of the last step by row of the base embeddings, L2 included, for tests and tools. Call it before `update`, after `itemGradients` and the backbone's
   * backward. Holds the touched rows; with a backbone all rows.
   */
  gradients(): { readonly users: Map<number, Float32Array>; readonly items: Map<number, Float32Array> };

  /** Ranks all items for each query. Reads the item embeddings at the first call, and again after `itemsChanged`. */
  rank(request: RankRequest): RankResult;
  /**
   * The items that score highest for a query [dimension], by the score of `rank` without bias: at most `most`, and at least nine tenths of that unless more items have equal scores. Every one of them scores higher
   * than every other item. Ascending. Runs on the calling thread.
   */
  front(query: Float64Array, most: number): Int32Array;
  /** Products with listed items. */
  readonly products: ItemProducts;
  /**
   * Evaluates the loss of a person at the embedding `user` [dimension], which is not normalised, and overwrites `gradient` [dimension] with its derivative. Scores are ⟨user, item⟩, of normalised items for
   * cosines. A loss with states sees their initial values. Runs on the calling thread. A problem must not change between calls.
   */
  personLoss(problem: PersonProblem, user: Float64Array, gradient: Float64Array): number;
  /** Tells the engine that the caller has written item embeddings since the last `rank` or `personLoss`. `startEpoch` implies it. */
  itemsChanged(): void;

  /** Seconds spent on each part of a step since the last `resetStats`. */
  stats(): EngineStats;
  /** Sets the numbers of `stats` back to 0. */
  resetStats(): void;
  /** Ends the helper threads. Do not use the engine, or any view of its memory, afterwards. */
  close(): Promise<void>;
}

/** An engine to rank with, whatever its tables hold. */
export type RankingEngine = Engine<AnyMatrix>;
