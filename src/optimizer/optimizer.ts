import type * as z from 'zod';
import { fraction, notNegative, oneOf, option, positive, properFraction } from '../option.ts';

const group = 'Optimiser:';

/** The declarations of the optimiser options. `decoupledWeightDecay` is AdamW's and acts on every row in every step; `l2` acts on the rows of a batch. */
export const optimizerShape = {
  /** Adam (default), or plain gradient descent. */
  name: option(oneOf(['adam', 'sgd']).default('adam'), { group, flag: '--optimizer <name>', help: 'optimiser' }),
  /** Adam's β1 in [0, 1), at most β2, default .9. */
  beta1: option(fraction.default(0.9), { group, flag: '--beta1 <number>', help: "decay rate of Adam's first moment" }),
  /** Adam's β2 in (0, 1), default .999. */
  beta2: option(properFraction.default(0.999), {
    group,
    flag: '--beta2 <number>',
    help: "decay rate of Adam's second moment",
  }),
  /** Adam's ε > 0, added outside the root, default 1e-8. */
  epsilon: option(positive.default(1e-8), { group, flag: '--epsilon <number>', help: "Adam's epsilon" }),
  /** Decoupled weight decay ≥ 0, default 0: θ ← θ (1 − lr · decay) in every step, for every row. */
  decoupledWeightDecay: option(notNegative.default(0), {
    group,
    flag: '--weight-decay <number>',
    help: 'decoupled weight decay, on all embeddings',
    searchByScore: { dot: { logUniform: [0.02, 2], start: 0.3 } },
  }),
  /** L2 penalty ≥ 0, default 0: adds l2/(rows per batch) · θ to the gradient of the rows of a batch. */
  l2: option(notNegative.default(0), {
    group,
    flag: '--l2 <number>',
    help: 'L2 penalty, on the embeddings of the batch',
  }),
};

/** Checked options of the optimiser, complete with defaults. */
export type OptimizerOptions = Readonly<z.output<z.ZodObject<typeof optimizerShape>>>;

/** One row of a parameter table with its moments; all arrays have the same length. SGD does not read the moments. */
export interface ParameterRow {
  /** θ */
  readonly values: Float32Array | Float64Array;
  /** Adam's first moment. */
  readonly m: Float32Array | Float64Array;
  /** Adam's second moment. */
  readonly v: Float32Array | Float64Array;
}

/**
 * A lazy optimiser that works row by row.
 *
 * It moves a row only when a batch touches it. When the row is next read, it catches up on the steps in between, as a dense optimiser would have applied them.
 * Steps are counted within an epoch, from 1; at the end of an epoch all rows have caught up.
 */
export interface RowOptimizer {
  /** False when the optimiser does not use `m` and `v`. */
  readonly hasMoments: boolean;
  /** Number of steps begun in this epoch. */
  readonly steps: number;
  /** Forgets the steps of the last epoch. `stepsBefore` is the number of steps of the run so far. */
  startEpoch(stepsBefore: number): void;
  /** Begins the next step with its learning rate. */
  beginStep(learningRate: number): void;
  /** Applies the step just begun to a row that has caught up with all earlier steps. */
  step(row: ParameterRow, gradient: Float32Array | Float64Array): void;
  /** Applies the steps `after + 1 … steps` to a row that had no gradient in them. */
  skip(row: ParameterRow, after: number): void;
}
