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
