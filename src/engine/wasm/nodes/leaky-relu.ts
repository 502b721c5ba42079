import type { NodeRows } from '../../node-operations.ts';
import type { ThreadMemory } from '../memory.ts';
import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';
import { rowSet } from './row-set.ts';

/** g ← g where y > 0, slope · g elsewhere. LeakyReLU itself is the case that g is y. */
export const leakyRelu: NodeOperation = {
  run({ kernels }, crew, _thread, args) {
    const [y, yStride, g, gStride, d, slope, list, count] = args as unknown as number[];
    takeRows(crew, count!, (from, to) => {
      kernels.leakyRows(y!, yStride!, g!, gStride!, d!, slope!, list!, from, to);
    });
  },
};

export function leakyReluArguments(
  memory: ThreadMemory,
  y: TablePlace,
  g: TablePlace,
  slope: number,
  rows: NodeRows,
): number[] {
  return [y.at, y.stride * 4, g.at, g.stride * 4, g.stride, slope, ...rowSet(memory, rows)];
}
