import type * as z from 'zod';
import { fraction, notNegative, numberWhere, oneOf, option, positive } from '../option.ts';

const group = 'Optimiser:';

/** Settings of the optimiser, declared once. `decoupledWeightDecay` is AdamW's (every row, every step); `l2` acts on the rows a batch touches. */
export const optimizerShape = {
  /** Adam, or plain gradient descent. */
  name: option(oneOf(['adam', 'sgd']).default('adam'), { group, flag: '--optimizer <name>', help: 'optimiser' }),
  /** Adam's β1 in [0, 1), at most β2. */
  beta1: option(fraction.default(0.9), { group, flag: '--beta1 <number>', help: "Adam's first decay" }),
  /** Adam's β2 in (0, 1). */
  beta2: option(numberWhere('a number in (0, 1)', (x) => x > 0 && x < 1).default(0.999), {
    group,
    flag: '--beta2 <number>',
    help: "Adam's second decay",
  }),
  /** Adam's ε, outside the root. */
  epsilon: option(positive.default(1e-8), { group, flag: '--epsilon <number>', help: "Adam's epsilon" }),
  /** θ ← θ (1 − lr · decay) at every step, for every row. */
  decoupledWeightDecay: option(notNegative.default(0), {
    group,
    flag: '--weight-decay <number>',
    help: 'decoupled weight decay of all embeddings',
    searchByScore: { dot: { logUniform: [0.02, 2], start: 0.3 } },
  }),
  /** Adds l2/(rows per batch) · θ to the gradient of the rows of a batch. */
  l2: option(notNegative.default(0), { group, flag: '--l2 <number>', help: 'L2 penalty on the embeddings of a batch' }),
};

/** Checked settings of the optimiser. */
export type OptimizerOptions = Readonly<z.output<z.ZodObject<typeof optimizerShape>>>;

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
