import type { Floats } from '../loss/loss.ts';

/** A table of a backbone: a row for every node of the training graph (users first, then items), or a parameter. Row r begins at `data[r · stride]`. */
export interface NodeTable {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly data: Floats;
}

/** All rows, or those that the current batch touches: its users, positives and negatives. */
export type NodeRows = 'all' | 'touched';

/** Options of `propagate`. */
export interface Propagation {
  /** Exponents of the degrees of target and source, each one that the plan lists. A node without neighbours counts as 0. */
  readonly left: number;
  readonly right: number;
  /** Default 1. */
  readonly scale?: number;
  /** Added to the result, `plusScale` times (default 1); may be the target itself. */
  readonly plus?: NodeTable;
  readonly plusScale?: number;
  /** Rows of the target that are computed, default all; the others stay as they are. */
  readonly targets?: NodeRows;
  /** Rows of the source that are read, default all; the others are taken to be 0. */
  readonly sources?: NodeRows;
}

/** Rows that an operation computes, and how much of the target's old values it keeps. */
export interface Accumulation {
  /** Rows of all its tables, default all; the others stay as they are. */
  readonly rows?: NodeRows;
  /** Factor of the target's old values; default 0, which overwrites them even where they are NaN. */
  readonly keep?: number;
}

/** Options of `combine`. */
export interface Combination extends Accumulation {
  /** Factor of the source; default 1. */
  readonly scale?: number;
}

/** First column of the shorter rows of a normalisation within the longer ones; default 0. */
export interface ColumnWindow {
  readonly column?: number;
}

/** Options of `linear`. */
export interface LinearMap extends Accumulation {
  /** Multiply by Wᵀ instead of W. */
  readonly transposed?: boolean;
  /** [1 × columns of the target], added to every row. */
  readonly bias?: NodeTable;
}

/** Keyed random numbers: one 32-bit key, one set of numbers (`streamKey`). */
export interface Randomness {
  readonly key: number;
  readonly rows?: NodeRows;
}

/** Options of `contrast`. */
export interface Contrast {
  /** Which nodes of the batch: its users, or its positive items. Each once, in the order of the batch, and at most as many as the plan's `contrastNodes`. */
  readonly of: 'users' | 'positives';
  /** τ > 0 */
  readonly temperature: number;
  /** Factor of value and gradients. */
  readonly weight: number;
}

/**
 * The building blocks of a backbone: tables with a row for every node, and operations on them that run on all threads of the engine. A backbone runs on one thread, the
 * engine's caller, and only names the operations: a custom backbone is as fast as a built-in one. Results do not depend on the number of threads.
 *
 * Sizes are not checked beyond what an operation states: tables of one operation have the same number of rows and columns.
 */
export interface NodeOperations {
  readonly users: number;
  readonly items: number;
  /** The trained embeddings, and where `backward` puts the gradient of the batch's value with respect to them, all rows. */
  readonly base: NodeTable;
  readonly baseGradient: NodeTable;
  /** What is scored, written by `forward`: the touched rows in a step of training, all rows for ranking. */
  readonly final: NodeTable;
  /** The gradient with respect to `final`: 0 but for the touched rows. */
  readonly finalGradient: NodeTable;
  /** A scratch table of the plan. */
  table(name: string): NodeTable;
  /** A trained parameter of the plan. */
  weight(name: string): NodeTable;
  /** Where `backward` puts the gradient of that parameter. */
  weightGradient(name: string): NodeTable;

  /** y ← value, in every column of the rows, default all. */
  fill(y: NodeTable, value: number, rows?: NodeRows): void;
  /** y ← keep · y + scale · x. */
  combine(x: NodeTable, y: NodeTable, options?: Combination): void;
  /**
   * y ← scale · D^−left A D^−right x + plusScale · plus, with A the training graph's adjacency (users and items are its nodes, every interaction 1) and D its degrees.
   * Its adjoint has left and right swapped, and sources in place of targets. x is not y.
   */
  propagate(x: NodeTable, y: NodeTable, options: Propagation): void;
  /** z ← keep · z + x ⊙ y, element by element. z may be x or y. */
  multiply(x: NodeTable, y: NodeTable, z: NodeTable, options?: Accumulation): void;
  /** y ← y where y > 0, slope · y elsewhere. */
  leakyRelu(y: NodeTable, slope: number, rows?: NodeRows): void;
  /** Its adjoint: g ← g where y > 0, slope · g elsewhere; y is what `leakyRelu` left, for a slope above 0. */
  leakyReluBackward(y: NodeTable, g: NodeTable, slope: number, rows?: NodeRows): void;
  /** y ← x / max(‖x‖, 1e-12) row by row, in columns `column` … of y, which may have more than x; its other columns stay. */
  normalize(x: NodeTable, y: NodeTable, options?: ColumnWindow & { readonly rows?: NodeRows }): void;
  /** Its adjoint: dx ← keep · dx + (g − ⟨g, x̂⟩ x̂) / max(‖x‖, 1e-12), x̂ = x / max(‖x‖, 1e-12), g the columns `column` … of dy. dx may be dy, not x. */
  normalizeBackward(x: NodeTable, dy: NodeTable, dx: NodeTable, options?: ColumnWindow & Accumulation): void;
  /** y ← keep · y + x W + bias, row by row; W [columns of x × columns of y], or the other way round when `transposed`. y is not x. */
  linear(x: NodeTable, weight: NodeTable, y: NodeTable, options?: LinearMap): void;
  /** dW ← Σ_r x_rᵀ dy_r and, where given, db ← Σ_r dy_r, over the rows in an order that does not depend on the number of threads. */
  linearGradients(x: NodeTable, dy: NodeTable, dW: NodeTable, db?: NodeTable, rows?: NodeRows): void;
  /** y ← y + amount · sign(y) ⊙ n/‖n‖, n uniform in [0, 1): `uniform(key, row, column)`. */
  addNoise(y: NodeTable, amount: number, options: Randomness): void;
  /** y ← mask ⊙ y / (1 − p), an element kept where `dropoutKeeps(key, row, column, …)`. It is its own adjoint. */
  dropout(y: NodeTable, probability: number, options: Randomness): void;
  /**
   * InfoNCE between two tables: with â_i and b̂_i the normalised rows of the m nodes,
   *
   *     value = weight · 1/m Σ_i ( log Σ_j exp(â_i·b̂_j / τ) − â_i·b̂_i / τ )
   *
   * Returns it and adds its gradients to those rows of da and db, which may be one table.
   */
  contrast(a: NodeTable, b: NodeTable, da: NodeTable, db: NodeTable, options: Contrast): number;
}
