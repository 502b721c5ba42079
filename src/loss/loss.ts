import type { OptionSet, RawOptions } from '../option.ts';

/** Scores, weights and gradients: 32-bit in the engines, 64-bit in tests that need exact derivatives. */
export type Floats = Float32Array | Float64Array;

/** The scores of one user: P positives and n negatives. */
export interface ScoreRow {
  /** [P] s_i */
  readonly positives: Floats;
  /** [n] s_j */
  readonly negatives: Floats;
  /** [P] interaction weights, ≥ 0; absent means all 1. */
  readonly positiveWeights?: Floats;
  /** [n] weights ≥ 0; 0 masks a negative. Absent means all 1. */
  readonly negativeWeights?: Floats;
}

/** The place where a loss writes its derivatives; each array has the length of the row's scores. */
export interface ScoreGradients {
  /** [P] ∂value/∂s_i */
  readonly positives: Floats;
  /** [n] ∂value/∂s_j */
  readonly negatives: Floats;
}

/** The services of the engine to a loss, for one row. */
export interface RowContext {
  /** The row's user, an index into the user embeddings; −1 in fold-in, for a person who is not in the model. */
  readonly user: number;
  /** [P] the item of each positive score. */
  readonly positiveItems: Int32Array;
  /** [n] the item of each negative score. */
  readonly poolItems: Int32Array;
  /**
   * Log-Expectation-Exp, LEE_τ(x; w) = τ · log( Σ w_j exp(x_j/τ) / Σ w_j ); uses SIMD where the engine has a kernel.
   *
   * `probabilities`, when given, receives scale · w_j exp(x_j/τ) / Σ w_k exp(x_k/τ): scale = 1 (the default) gives ∂LEE/∂x.
   * With no x, or all weights 0, the value and the probabilities are 0.
   */
  logExpectationExp(x: Floats, tau: number, weights?: Floats, probabilities?: Floats, scale?: number): number;
  /**
   * Cosines between the embedding of one positive and that of each pool item.
   *
   * `positive` is the position of the positive in the row. The result has one entry for each negative and is valid until the next call.
   * Present only when the loss declares `needs.itemSimilarity`.
   */
  readonly itemSimilarity?: ((positive: number) => Floats) | undefined;
  /** The state that the loss keeps between steps, as it was before the step, with the arrays for the row's contributions. Present only when the loss needs states. */
  readonly states?: RowStates | undefined;
}

/**
 * The state of a loss, as one row sees it.
 *
 * All rows of a step read the state from before the step. Their contributions are summed in row order and passed to `Loss.updateStates` after the
 * last row of the step, before the embeddings move. The result therefore does not depend on the number of threads.
 */
export interface RowStates {
  /** [needs.userState] the state of the row's user. */
  readonly user: Readonly<Floats>;
  /** [n] the state of each negative's item, in the order of the negatives; empty unless `needs.itemState`. */
  readonly items: Readonly<Floats>;
  /** [needs.globalState] the state that all rows share. */
  readonly global: Readonly<Floats>;
  /** The row's contribution to the user state; 0 at the start of the row. */
  readonly userUpdate: Floats;
  /** The row's contributions to the item states, as long as `items`; 0 at the start of the row. */
  readonly itemUpdates: Floats;
  /** The row's contribution to the global state; 0 at the start of the row. */
  readonly globalUpdate: Floats;
}

/** The services and states that a loss needs from the engine, besides the scores. */
export interface LossNeeds {
  /** True when the loss calls `RowContext.itemSimilarity`. Default false. */
  readonly itemSimilarity?: boolean;
  /** True when a row costs P × n instead of P + n. Default false. Fold-in then takes fewer negatives for more liked items. */
  readonly pairs?: boolean;
  /** Number of floats to keep per user. Default 0. */
  readonly userState?: number;
  /** True to keep one float per item. Default false. */
  readonly itemState?: boolean;
  /** Number of floats to keep for the whole run. Default 0. */
  readonly globalState?: number;
}

/** The contributions of one step to the states, each summed over the step's rows in row order. `Loss.updateStates` turns them into the new states, in place. */
export interface StateUpdate {
  /** The epoch, from 0. */
  readonly epoch: number;
  /** Number of rows in the step. */
  readonly rows: number;
  /** [needs.globalState] the global state, to be updated in place. */
  readonly global: Floats;
  /** [needs.globalState] the summed contributions to it. */
  readonly globalSum: Readonly<Floats>;
  /** One entry per distinct user of the step: the state, to be updated in place, the summed contributions, and the number of rows of that user. */
  readonly users: readonly { readonly state: Floats; readonly sum: Readonly<Floats>; readonly rows: number }[];
  /** [items] the states of all items, to be updated in place. */
  readonly items: Floats;
  /** The distinct items among the negatives of the step. */
  readonly touchedItems: Int32Array;
  /** The summed contributions to the items of `touchedItems`, in the same order. */
  readonly itemSums: Readonly<Floats>;
}

/** The states before the first step of an epoch. `Loss.startEpoch` may change them in place. */
export interface EpochStates {
  /** The epoch, from 0. */
  readonly epoch: number;
  /** [users × needs.userState] the states of all users. */
  readonly users: Floats;
  /** [items] the states of all items; empty unless `needs.itemState`. */
  readonly items: Floats;
  /** [needs.globalState] */
  readonly global: Floats;
}

/**
 * A loss: a function of one user's scores.
 *
 * `evaluate` returns the value on the published scale, that is divided by the temperature of the negatives, and overwrites `gradients` with
 * ∂value/∂score. It does not change the scores. Formulas of the built-in losses: docs/losses.md.
 */
export interface Loss {
  /** The name, as configurations and error messages write it. */
  readonly name: string;
  /** The options in effect, as JSON can hold them (`"inf"` for Infinity); they are saved with the model. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** False for a loss that has no lower bound under inner-product scores (λ ≠ 1); such a loss needs cosine scores. */
  readonly allowsDotScores: boolean;
  /** The services and states that the loss needs; absent means none. */
  readonly needs?: LossNeeds;
  /** The global state before the first step. Absent: zeros. User and item states always start at 0. */
  readonly initialGlobalState?: readonly number[];
  /** Turns the contributions of a step into new states. The engine calls it once per step, after the last row, on one thread. Present if and only if the loss needs a state. */
  updateStates?(update: StateUpdate): void;
  /** Makes the states of the last epoch ready for the next. The engine calls it before the first step of each epoch, on one thread. Only for a loss that needs a state. */
  startEpoch?(states: EpochStates): void;
  /** Returns the value of one row and overwrites `gradients` with its derivatives by the scores. */
  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number;
}

/** The declaration of a built-in loss, besides the `Loss` contract: options with defaults, bounds, flags and search ranges, and the default training setup. */
export interface LossDeclaration {
  /** Options of the loss. */
  readonly options: OptionSet;
  /** The default score for training with this loss. */
  readonly score: 'cosine' | 'dot';
  /** Defaults that depend on the number of items. Options in `given` keep their values. */
  readonly byCatalogue?: (items: number, given: RawOptions) => RawOptions;
  /** Training options that `taurec tune` sets for this loss, in addition to the popularity prior. */
  readonly tuning?: {
    readonly batch?: { readonly pool: 'popularity'; readonly alpha: number };
    readonly rowWeight?: 'sqrt';
    readonly options?: RawOptions;
  };
}

/** A loss in a configuration: the name of a built-in with its options; a module that exports a loss class, a factory or a loss object; or a loss object, which runs on one thread. */
export type LossSource =
  | { readonly name: string; readonly options?: Readonly<Record<string, unknown>> }
  | { readonly module: string; readonly export?: string; readonly options?: Readonly<Record<string, unknown>> }
  | Loss;
