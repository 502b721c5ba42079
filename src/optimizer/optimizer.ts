/** Settings of the optimiser. `decoupledWeightDecay` is AdamW's (every row, every step); `l2` acts on the rows a batch touches. */
export interface OptimizerOptions {
  readonly name: 'adam' | 'sgd';
  /** Adam's β1, default .9, and β2, default .999; β1 ≤ β2. */
  readonly beta1: number;
  readonly beta2: number;
  /** Outside the root, default 1e-8. */
  readonly epsilon: number;
  /** θ ← θ (1 − lr · decay) at every step, also of untouched rows. Default 0. */
  readonly decoupledWeightDecay: number;
  /** Adds l2 / (rows per batch) · θ to the gradient of each row touched by the batch. Default 0. */
  readonly l2: number;
}

/** One row of a parameter table with its moments. SGD has none and does not look at them. */
export interface ParameterRow {
  readonly values: Float32Array | Float64Array;
  readonly m: Float32Array | Float64Array;
  readonly v: Float32Array | Float64Array;
}

/**
 * An optimiser that works row by row and lazily: a row is moved only when a batch touches it, and what a dense optimiser would have done to it
 * in the steps between is made up for when the row is next read. Steps are counted within an epoch, from 1; all rows are settled at an epoch's end.
 */
export interface RowOptimizer {
  /** False when `m` and `v` are not used. */
  readonly hasMoments: boolean;
  /** Steps begun in this epoch. */
  readonly steps: number;
  /** Forgets the steps of the last epoch; `stepsBefore` counts all steps of the run so far. */
  startEpoch(stepsBefore: number): void;
  /** Begins the next step, with its learning rate. */
  beginStep(learningRate: number): void;
  /** The step just begun, on a row that all earlier steps have been applied to. */
  step(row: ParameterRow, gradient: Float32Array | Float64Array): void;
  /** Steps `after + 1 … steps` on a row that had no gradient in them. */
  skip(row: ParameterRow, after: number): void;
}
