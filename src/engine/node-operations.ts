import type { Floats } from '../loss/loss.ts';

/** A table of a backbone: a row for every node of the training graph (users first, then items), or a parameter. Row r begins at `data[r · stride]`. */
export interface NodeTable {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly data: Floats;
}

/** All rows, or those that the batch of the moment touches: its users, its positives and its negatives. */
export type NodeRows = 'all' | 'touched';

/** How `propagate` goes. */
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

/** How `combine` goes. */
export interface Combination {
  /** What multiplies the source, default 1. */
  readonly scale?: number;
  /** What multiplies the target's old values, default 0: they are overwritten, whatever they are. */
  readonly keep?: number;
  /** Rows of both tables, default all. */
  readonly rows?: NodeRows;
}

/**
 * What a backbone is made of: tables with a row for every node, and operations on them that run on all threads of the engine. A backbone runs on one thread, the
 * engine's caller, and only says what is to be done; so a backbone of one's own is as fast as a built-in one. Results do not depend on the number of threads.
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
  /** A trained parameter of the plan, and where `backward` puts its gradient. */
  weight(name: string): NodeTable;
  weightGradient(name: string): NodeTable;

  /** y ← value, in every row and column. */
  fill(y: NodeTable, value: number): void;
  /** y ← keep · y + scale · x. */
  combine(x: NodeTable, y: NodeTable, options?: Combination): void;
  /**
   * y ← scale · D^−left A D^−right x + plusScale · plus, with A the training graph's adjacency (users beside items, every interaction 1) and D its degrees.
   * Its adjoint has left and right swapped, and sources in place of targets. x is not y.
   */
  propagate(x: NodeTable, y: NodeTable, options: Propagation): void;
}
