import type { Accumulation } from '../../node-operations.ts';
import type { ThreadMemory } from '../memory.ts';
import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';
import { rowSet } from './row-set.ts';

/** z ← keep · z + x ⊙ y. */
export const multiply: NodeOperation = {
  run({ kernels }, crew, _thread, args) {
    const [x, xStride, y, yStride, z, zStride, d, keep, list, count] = args as unknown as number[];
    takeRows(crew, count!, (from, to) => {
      kernels.multiplyRows(x!, xStride!, y!, yStride!, z!, zStride!, d!, keep!, list!, from, to);
    });
  },
};

export function multiplyArguments(
  memory: ThreadMemory,
  x: TablePlace,
  y: TablePlace,
  z: TablePlace,
  { keep = 0, rows = 'all' }: Accumulation,
): number[] {
  return [x.at, x.stride * 4, y.at, y.stride * 4, z.at, z.stride * 4, z.stride, keep, ...rowSet(memory, rows)];
}
