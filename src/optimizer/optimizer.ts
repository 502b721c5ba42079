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
