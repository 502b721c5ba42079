import type { Combination } from '../../node-operations.ts';
import type { ThreadMemory } from '../memory.ts';
import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';
import { rowSet } from './row-set.ts';

/** y ← keep · y + scale · x. */
export const combine: NodeOperation = {
  run({ kernels }, crew, _thread, args) {
    const [x, xStride, y, yStride, d, keep, scale, list, count] = args as unknown as number[];
    takeRows(crew, count!, (from, to) => {
      kernels.combineRows(x!, xStride!, y!, yStride!, d!, keep!, scale!, list!, from, to);
    });
  },
};

export function combineArguments(memory: ThreadMemory, x: TablePlace, y: TablePlace, options: Combination): number[] {
  const { keep = 0, scale = 1, rows = 'all' } = options;
  return [x.at, x.stride * 4, y.at, y.stride * 4, x.stride, keep, scale, ...rowSet(memory, rows)];
}
