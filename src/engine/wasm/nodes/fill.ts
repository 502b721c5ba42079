import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';

/** y ← value in the listed rows. */
export const fill: NodeOperation = {
  run({ kernels }, crew, _thread, args) {
    const [y, stride, columns, value, list, count] = args as unknown as number[];
    takeRows(crew, count!, (from, to) => kernels.fillRows(y!, stride!, columns!, value!, list!, from, to));
  },
};

/** `list`: the address of row numbers, 0 = all rows. */
export function fillArguments(y: TablePlace, value: number, list: number, count: number): number[] {
  return [y.at, y.stride * 4, y.columns, value, list, count];
}
