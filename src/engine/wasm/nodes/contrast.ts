import type { Contrast } from '../../node-operations.ts';
import { ROW_BLOCK, SLOT_BLOCK } from '../layout.ts';
import type { ThreadMemory } from '../memory.ts';
import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';

/** The rows of both tables, normalised, beside each other; those of the second in panels too. */
export const contrastPack: NodeOperation = {
  run({ kernels, layout }, crew, _thread, args) {
    const [a, b, , , stride, , , count] = args as unknown as number[];
    const { list, packed, norms, panels } = layout.nodes!.contrast;
    const d = stride! / 4;
    takeRows(crew, count!, (from, to) => {
      [a!, b!].forEach((table, t) => {
        kernels.gatherRows(table, stride!, d, list, from, to, packed[t]!, norms[t]!, true, false, 0, 0, 1);
      });
      kernels.packPanels(packed[1], stride!, d, from, to, count!, panels);
    });
  },
};

/** Scores, values and score gradients row by row, and the gradients of the first table. */
export const contrastRows: NodeOperation = {
  run({ doubles, floats, kernels, layout }, crew, thread, args) {
    const [, , da, , stride, temperature, weight, count] = args as unknown as number[];
    const { packed, panels, scores, scoreStride, values } = layout.nodes!.contrast;
    const d = stride! / 4;
    const share = weight! / (count! * temperature!);
    const result = layout.at.threadResult + thread * 64;
    takeRows(
      crew,
      count!,
      (from, to) => {
        const block = scores + from * scoreStride * 4;
        const columns = (count! + 3) & ~3;
        kernels.product(
          packed[0] + from * stride!, stride!, 4, panels, 32, stride! * 8, block, scoreStride * 4,
          to - from, columns, d, false,
        ); // biome-ignore format: arguments as the kernel has them
        for (let i = from; i < to; i++) {
          const row = scores + i * scoreStride * 4;
          const own = (row >>> 2) + i;
          const score = floats[own]!;
          kernels.logExpectationExp(row, count!, 1 / temperature!, 0, row, share, result);
          const [shift, sum] = [floats[result >>> 2]!, floats[(result >>> 2) + 1]!];
          doubles[(values >>> 3) + i] = (shift - score) / temperature! + Math.log(sum);
          floats[own]! -= share;
        }
        gradients({ kernels, layout }, 0, da!, stride!, from, to, block, scoreStride * 4, 4, count!);
      },
      ROW_BLOCK,
    );
  },
};

/** The gradients of the second table. */
export const contrastColumns: NodeOperation = {
  run(memory, crew, _thread, args) {
    const [, , , db, stride, , , count] = args as unknown as number[];
    const { scores, scoreStride } = memory.layout.nodes!.contrast;
    takeRows(
      crew,
      count!,
      (from, to) => gradients(memory, 1, db!, stride!, from, to, scores + from * 4, 4, scoreStride * 4, count!),
      SLOT_BLOCK,
    );
  },
};

/** Gradients of rows [from, to) of table t: score gradients (the first at `at`) times the other table's rows, through the normalisation, added to `target`. */
function gradients(
  { kernels, layout }: Pick<ThreadMemory, 'kernels' | 'layout'>,
  t: 0 | 1,
  target: number,
  stride: number,
  from: number,
  to: number,
  at: number,
  rowStep: number,
  columnStep: number,
  count: number,
): void {
  const { list, packed, norms, gradients: all } = layout.nodes!.contrast;
  const d = stride / 4;
  kernels.product(
    at, rowStep, columnStep, packed[1 - t]!, stride, 32, all[t] + from * stride, stride,
    to - from, d, count, false,
  ); // biome-ignore format: arguments as the kernel has them
  kernels.backwardRows(0, stride, d, list, from, to, packed[t], norms[t], all[t], 0, true, false, 0, 0, 1, 0);
  kernels.addRows(all[t], target, stride, d, list, from, to);
}

export function contrastArguments(
  a: TablePlace,
  b: TablePlace,
  da: TablePlace,
  db: TablePlace,
  { temperature, weight }: Contrast,
  count: number,
): number[] {
  return [a.at, b.at, da.at, db.at, a.stride * 4, temperature, weight, count];
}
