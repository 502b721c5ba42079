import type { Accumulation, ColumnWindow, NodeRows } from '../../node-operations.ts';
import type { ThreadMemory } from '../memory.ts';
import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';
import { rowSet } from './row-set.ts';

/** Columns `column` … of y ← x / max(‖x‖, 1e-12). */
export const normalize: NodeOperation = {
  run({ kernels }, crew, _thread, args) {
    const [x, xStride, y, yStride, columns, list, count] = args as unknown as number[];
    takeRows(crew, count!, (from, to) => {
      kernels.normalizeRows(x!, xStride!, y!, yStride!, columns!, list!, from, to);
    });
  },
};

export function normalizeArguments(
  memory: ThreadMemory,
  x: TablePlace,
  y: TablePlace,
  { column = 0, rows = 'all' }: ColumnWindow & { readonly rows?: NodeRows },
): number[] {
  return [x.at, x.stride * 4, y.at + column * 4, y.stride * 4, x.columns, ...rowSet(memory, rows)];
}

/** Its adjoint. */
export const normalizeBackward: NodeOperation = {
  run({ kernels }, crew, _thread, args) {
    const [x, xStride, g, gStride, dx, dxStride, columns, keep, list, count] = args as unknown as number[];
    takeRows(crew, count!, (from, to) => {
      kernels.normalizeBackwardRows(x!, xStride!, g!, gStride!, dx!, dxStride!, columns!, keep!, list!, from, to);
    });
  },
};

export function normalizeBackwardArguments(
  memory: ThreadMemory,
  x: TablePlace,
  dy: TablePlace,
  dx: TablePlace,
  { column = 0, keep = 0, rows = 'all' }: ColumnWindow & Accumulation,
): number[] {
  const gradients = [dy.at + column * 4, dy.stride * 4, dx.at, dx.stride * 4];
  return [x.at, x.stride * 4, ...gradients, x.columns, keep, ...rowSet(memory, rows)];
}
