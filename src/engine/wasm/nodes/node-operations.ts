import { combine } from './combine.ts';
import { fill } from './fill.ts';
import type { NodeOperation } from './node-operation.ts';
import { propagate } from './propagate.ts';
import { scatterGradients } from './scatter-gradients.ts';

/** Every operation, by the number that the threads know it by. */
export const nodeOperations: readonly NodeOperation[] = [fill, combine, propagate, scatterGradients];
