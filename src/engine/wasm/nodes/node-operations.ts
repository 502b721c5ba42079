import { combine } from './combine.ts';
import { contrastColumns, contrastPack, contrastRows } from './contrast.ts';
import { fill } from './fill.ts';
import { leakyRelu } from './leaky-relu.ts';
import { linear } from './linear.ts';
import { linearGradientParts, linearGradientSum } from './linear-gradients.ts';
import { multiply } from './multiply.ts';
import type { NodeOperation } from './node-operation.ts';
import { normalize, normalizeBackward } from './normalize.ts';
import { propagate } from './propagate.ts';
import { addNoise, dropout } from './random.ts';
import { scatterGradients } from './scatter-gradients.ts';

/** Every operation, by the number that the threads know it by. */
export const nodeOperations: readonly NodeOperation[] = [
  ...[fill, combine, propagate, scatterGradients, multiply, leakyRelu, normalize, normalizeBackward],
  ...[linear, linearGradientParts, linearGradientSum, addNoise, dropout, contrastPack, contrastRows, contrastColumns],
];
