import type { LinearMap } from '../../node-operations.ts';
import type { ThreadMemory } from '../memory.ts';
import { LINEAR_ROWS } from './linear-layout.ts';
import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';
import { rowSet } from './row-set.ts';

/** y ← keep · y + x W + bias. Listed rows are brought together, so that the product has whole tiles of them. */
export const linear: NodeOperation = {
  run({ kernels, layout }, crew, thread, args) {
    const [x, xStride, inner, w, wRows, wStride, transposed, y, yStride, columns, bias, keep, list, count] =
      args as unknown as number[];
    const place = layout.nodes!.linear;
    const own = place.threads + thread * place.threadBytes;
    const source = own + place.source;
    const target = own + place.target;
    // Wᵀ in panels of eight columns is what the product takes; W itself lies row by row
    const weight = transposed ? own : w!;
    const [weightRow, weightTile] = transposed ? [32, wStride! * 8] : [wStride!, 32];
    if (transposed) kernels.packPanels(w!, wStride!, wStride! / 4, 0, (wRows! + 7) & ~7, wRows!, own);
    const width = columns! * 4;
    const map = (from: number, rows: number, to: number, fromStride: number, toStride: number) => {
      if (bias) kernels.combineRows(bias, 0, to, toStride, columns!, keep!, 1, 0, 0, rows);
      else if (keep! !== 0 && keep! !== 1)
        kernels.combineRows(to, toStride, to, toStride, columns!, 0, keep!, 0, 0, rows);
      const accumulate = bias !== 0 || keep! !== 0;
      kernels.product(
        from,
        fromStride,
        4,
        weight,
        weightRow!,
        weightTile!,
        to,
        toStride,
        rows,
        columns!,
        inner!,
        accumulate,
      );
    };
    takeRows(
      crew,
      count!,
      (from, to) => {
        if (!list) {
          map(x! + from * xStride!, to - from, y! + from * yStride!, xStride!, yStride!);
          return;
        }
        const rows = list + from * 4;
        kernels.collectRows(x!, source, xStride!, xStride! / 4, rows, 0, to - from);
        if (keep! !== 0) kernels.collectRows(y!, target, yStride!, columns!, rows, 0, to - from);
        map(source, to - from, target, xStride!, width);
        kernels.scatterRows(target, y!, yStride!, columns!, rows, 0, to - from);
      },
      LINEAR_ROWS,
    );
  },
};

export function linearArguments(
  memory: ThreadMemory,
  x: TablePlace,
  weight: TablePlace,
  y: TablePlace,
  options: LinearMap & { readonly bias?: TablePlace },
): number[] {
  const { transposed = false, bias, keep = 0, rows = 'all' } = options;
  return [
    ...[x.at, x.stride * 4, x.columns],
    ...[weight.at, weight.rows, weight.stride * 4, transposed ? 1 : 0],
    ...[y.at, y.stride * 4, y.stride],
    bias?.at ?? 0,
    keep,
    ...rowSet(memory, rows),
  ];
}
