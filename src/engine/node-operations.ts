import type { Floats } from '../loss/loss.ts';

/** A table of a backbone, row-major: one row per node of the training graph (users first, then items), or a parameter. Row r begins at `data[r · stride]`; stride ≥ columns. */
export interface NodeTable {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly data: Floats;
}

/** All rows, or the rows that the current batch touches: its users, positives and negatives. */
export type NodeRows = 'all' | 'touched';

/** Options of `propagate`. */
export interface Propagation {
  /** Exponents of the degrees of target and source; the plan must list them. The power of a node without neighbours is 0. */
  readonly left: number;
  readonly right: number;
  /** Default 1. */
  readonly scale?: number;
  /** A table that is multiplied by `plusScale` (default 1) and added to the result; may be the target itself. */
  readonly plus?: NodeTable;
  readonly plusScale?: number;
  /** Rows of the target that are computed, default all; the others stay as they are. */
  readonly targets?: NodeRows;
  /** Rows of the source that are read, default all; the others count as 0. */
  readonly sources?: NodeRows;
}

/** The rows that an operation computes, and the factor of the target's old values. */
export interface Accumulation {
  /** Rows of all its tables, default all; the others stay as they are. */
  readonly rows?: NodeRows;
  /** Factor of the target's old values; default 0, which overwrites them even if they are NaN. */
  readonly keep?: number;
}

/** Options of `combine`. */
export interface Combination extends Accumulation {
  /** Factor of the source; default 1. */
  readonly scale?: number;
}

/** The columns of a wider table that a normalisation writes or reads. */
export interface ColumnWindow {
  /** First column of the window, whose width is that of the narrower table; default 0. */
  readonly column?: number;
}

/** Options of `linear`. */
export interface LinearMap extends Accumulation {
  /** Multiply by Wᵀ instead of W. */
  readonly transposed?: boolean;
  /** [1 × columns of the target], added to every row. */
  readonly bias?: NodeTable;
}

/** Keyed random numbers: a 32-bit key (`streamKey`) determines all of them. */
export interface Randomness {
  readonly key: number;
  readonly rows?: NodeRows;
}

/** Options of `contrast`. */
export interface Contrast {
  /** The nodes that are compared: the batch's distinct users or positive items, in batch order, at most the plan's `contrastNodes`. */
  readonly of: 'users' | 'positives';
  /** τ > 0 */
  readonly temperature: number;
  /** Factor of value and gradients. */
  readonly weight: number;
}

/**
 * The building blocks of a backbone: tables with one row per node, and operations on them that run on all threads of the engine. A backbone itself runs on one thread,
 * the engine's caller, and only calls the operations, so a custom backbone is as fast as a built-in one. Results do not depend on the number of threads.
 *
 * The tables of one operation must have the same number of rows and columns, except where the operation says otherwise; sizes are not checked.
 */
export interface NodeOperations {
  readonly users: number;
  readonly items: number;
  /** [nodes × dimension] the trained embeddings. */
  readonly base: NodeTable;
  /** [nodes × dimension] the gradient of the batch's value with respect to `base`; `backward` writes all rows. */
  readonly baseGradient: NodeTable;
  /** [nodes × outputDimension] the embeddings that are scored; `forward` writes the touched rows in a training step, all rows for ranking. */
  readonly final: NodeTable;
  /** [nodes × outputDimension] the gradient with respect to `final`; 0 in all rows but the touched ones. */
  readonly finalGradient: NodeTable;
  /** A scratch table of the plan. @throws TaurecError `unknown-name` */
  table(name: string): NodeTable;
  /** A trained parameter of the plan. @throws TaurecError `unknown-name` */
  weight(name: string): NodeTable;
  /** The gradient of that parameter, which `backward` writes. @throws TaurecError `unknown-name` */
  weightGradient(name: string): NodeTable;

  /** y ← value, in every column of the given rows, default all. */
  fill(y: NodeTable, value: number, rows?: NodeRows): void;
  /** y ← keep · y + scale · x. Where one table is wider, only its first columns take part; those after them stay as they are. */
  combine(x: NodeTable, y: NodeTable, options?: Combination): void;
  /**
   * y ← scale · D^−left A D^−right x + plusScale · plus, where A is the adjacency matrix of the training graph (1 per interaction, in both directions) and D the diagonal
   * matrix of degrees. The adjoint operation swaps left and right, and sources and targets. x must not be y.
   */
  propagate(x: NodeTable, y: NodeTable, options: Propagation): void;
  /** z ← keep · z + x ⊙ y, element by element. z may be x or y. */
  multiply(x: NodeTable, y: NodeTable, z: NodeTable, options?: Accumulation): void;
  /** y ← y where y > 0, slope · y elsewhere. */
  leakyRelu(y: NodeTable, slope: number, rows?: NodeRows): void;
  /** The adjoint of `leakyRelu`: g ← g where y > 0, slope · g elsewhere. y is the output of `leakyRelu`; the slope must be above 0, so that y has the input's sign. */
  leakyReluBackward(y: NodeTable, g: NodeTable, slope: number, rows?: NodeRows): void;
  /** y ← x / max(‖x‖, 1e-12) row by row, into the columns of y from `column` on. y may be wider than x; its other columns stay as they are. */
  normalize(x: NodeTable, y: NodeTable, options?: ColumnWindow & { readonly rows?: NodeRows }): void;
  /**
   * The adjoint of `normalize`: dx ← keep · dx + (g − ⟨g, x̂⟩ x̂) / max(‖x‖, 1e-12), with x̂ = x / max(‖x‖, 1e-12) and g the columns of dy from `column` on. dx may be dy,
   * but not x.
   */
  normalizeBackward(x: NodeTable, dy: NodeTable, dx: NodeTable, options?: ColumnWindow & Accumulation): void;
  /** y ← keep · y + x W + bias, row by row; W is [columns of x × columns of y], or its transpose when `transposed`. y must not be x. */
  linear(x: NodeTable, weight: NodeTable, y: NodeTable, options?: LinearMap): void;
  /** dW ← Σ_r x_rᵀ dy_r and, if given, db ← Σ_r dy_r, over the rows r in an order that does not depend on the number of threads. dW is [columns of x × columns of dy]. */
  linearGradients(x: NodeTable, dy: NodeTable, dW: NodeTable, db?: NodeTable, rows?: NodeRows): void;
  /** y ← y + amount · sign(y) ⊙ n/‖n‖ row by row, with n uniform in [0, 1): `uniform(key, row, column)`. */
  addNoise(y: NodeTable, amount: number, options: Randomness): void;
  /** y ← mask ⊙ y / (1 − p); the mask is 1 where `dropoutKeeps(key, row, column, …)`, else 0. With the same key it is its own adjoint. */
  dropout(y: NodeTable, probability: number, options: Randomness): void;
  /**
   * InfoNCE between two tables: with â_i and b̂_i the normalised rows of the m nodes that `options.of` names,
   *
   *     value = weight · 1/m Σ_i ( log Σ_j exp(â_i·b̂_j / τ) − â_i·b̂_i / τ )
   *
   * Returns the value and adds its gradients to the same rows of da and db, which may be one table.
   */
  contrast(a: NodeTable, b: NodeTable, da: NodeTable, db: NodeTable, options: Contrast): number;
}
