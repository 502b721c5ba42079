import type { OptionSet, RawOptions } from '../option.ts';

/** 32-bit in the engines, 64-bit where a test wants exact derivatives. */
export type Floats = Float32Array | Float64Array;

/** One user's scores: P positives and n negatives. */
export interface ScoreRow {
  readonly positives: Floats;
  readonly negatives: Floats;
  /** Weight ≥ 0 of each positive (interaction weight); absent means all 1. */
  readonly positiveWeights?: Floats;
  /** Weight ≥ 0 of each negative; 0 = masked, absent means all 1. */
  readonly negativeWeights?: Floats;
}

/** Where a loss writes its derivatives: same lengths as the row's scores. */
export interface ScoreGradients {
  readonly positives: Floats;
  readonly negatives: Floats;
}

/** What the engine offers to a loss beside the scores. */
export interface RowContext {
  readonly user: number;
  /** Item of each positive score. */
  readonly positiveItems: Int32Array;
  /** Item of each negative score. */
  readonly poolItems: Int32Array;
  /**
   * Log-Expectation-Exp, LEE_τ(x; w) = τ · log( Σ w_j exp(x_j/τ) / Σ w_j ); SIMD where the engine has a kernel.
   * When `probabilities` is given it receives scale · w_j exp(x_j/τ) / Σ w_k exp(x_k/τ), so scale = 1 (default) gives ∂LEE/∂x.
   * All weights 0, or no x: the value is 0 and the probabilities are 0.
   */
  logExpectationExp(x: Floats, tau: number, weights?: Floats, probabilities?: Floats, scale?: number): number;
  /**
   * Cosines of the embeddings of positive `positive` (its place in the row) and of each pool item; beside the negatives, and valid until the next call.
   * Present when the loss needs it.
   */
  readonly itemSimilarity?: ((positive: number) => Floats) | undefined;
  /** What the loss keeps between steps, as the step found it, and where the row says what it adds; present when the loss needs states. */
  readonly states?: RowStates | undefined;
}

/**
 * State of a loss as one row sees it. Rows of a step all read the state from before the step; what they write is summed, in row order, and handed to
 * `Loss.updateStates` when all rows of the step have been evaluated, before the embeddings move. So a result does not depend on threads.
 */
export interface RowStates {
  /** This user's state: `needs.userState` floats. */
  readonly user: Readonly<Floats>;
  /** The state of each negative's item, beside the negatives; empty unless `needs.itemState`. */
  readonly items: Readonly<Floats>;
  /** `needs.globalState` floats. */
  readonly global: Readonly<Floats>;
  /** The row's contributions, of the same lengths; 0 when the row begins. */
  readonly userUpdate: Floats;
  readonly itemUpdates: Floats;
  readonly globalUpdate: Floats;
}

/** What a loss asks of the engine beside the scores. */
export interface LossNeeds {
  readonly itemSimilarity?: boolean;
  /** Floats kept for each user. */
  readonly userState?: number;
  /** One float kept for each item. */
  readonly itemState?: boolean;
  /** Floats kept for all. */
  readonly globalState?: number;
}

/** A step's contributions to the states, each a sum over rows in row order; to be turned into the new states in place. */
export interface StateUpdate {
  /** From 0. */
  readonly epoch: number;
  /** Rows of the step. */
  readonly rows: number;
  readonly global: Floats;
  readonly globalSum: Readonly<Floats>;
  /** One entry for each distinct user of the step: state, sum of the contributions, number of rows. */
  readonly users: readonly { readonly state: Floats; readonly sum: Readonly<Floats>; readonly rows: number }[];
  /** States of all items, the distinct items that stood among the step's negatives, and, beside these, the sums of their contributions. */
  readonly items: Floats;
  readonly touchedItems: Int32Array;
  readonly itemSums: Readonly<Floats>;
}

/**
 * A loss is a function of one user's scores. `evaluate` returns the value, on the published scale (divided by the negative temperature),
 * and overwrites `gradients` with ∂value/∂score. It does not change the scores.
 */
export interface Loss {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  /** False for a loss whose value has no lower bound under inner-product scores (λ ≠ 1). */
  readonly allowsDotScores: boolean;
  readonly needs?: LossNeeds;
  /** The global state before the first step; absent: zeros. User and item states begin at 0. */
  readonly initialGlobalState?: readonly number[];
  /** Turns the contributions of a step into new states; called once a step, after its last row, on one thread. Present exactly when a state is needed. */
  updateStates?(update: StateUpdate): void;
  /** The value of one row, and its gradients by the scores, which overwrite what stands in `gradients`. */
  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number;
}

/** What a built-in loss declares beside the contract, once: options with defaults, bounds, flags and search ranges, and how it is trained unless told otherwise. */
export interface LossDeclaration {
  readonly options: OptionSet;
  /** The score that the loss is trained with by default. */
  readonly score: 'cosine' | 'dot';
  /** Options that follow from the number of items where they are not among the given ones. */
  readonly byCatalogue?: (items: number, given: RawOptions) => RawOptions;
  /** Training options that `taurec tune` sets for this loss, beside the popularity prior. */
  readonly tuning?: {
    readonly batch?: { readonly pool: 'popularity'; readonly alpha: number };
    readonly options?: RawOptions;
  };
}

/** How a loss is named in a config: a built-in by name with its options, a module that exports a loss class or factory, or a bare object (runs on one thread). */
export type LossSource =
  | { readonly name: string; readonly options?: Readonly<Record<string, unknown>> }
  | { readonly module: string; readonly export?: string; readonly options?: Readonly<Record<string, unknown>> }
  | Loss;
