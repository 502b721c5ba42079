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
   * Log-Expectation-Exp, LEE_τ(x; w) = τ · log( Σ w_j exp(x_j/τ) / Σ w_j ) (MATH section 1); SIMD where the engine has a kernel.
   * When `probabilities` is given it receives scale · w_j exp(x_j/τ) / Σ w_k exp(x_k/τ), so scale = 1 (default) gives ∂LEE/∂x.
   * All weights 0, or no x: the value is 0 and the probabilities are 0.
   */
  logExpectationExp(x: Floats, tau: number, weights?: Floats, probabilities?: Floats, scale?: number): number;
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
  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number;
}

/** How a loss is named in a config: a built-in by name with its options, a module that exports a loss class or factory, or a bare object (runs on one thread). */
export type LossSource =
  | { readonly name: string; readonly options?: Readonly<Record<string, unknown>> }
  | { readonly module: string; readonly export?: string; readonly options?: Readonly<Record<string, unknown>> }
  | Loss;
