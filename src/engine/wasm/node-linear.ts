import type { Crew } from './crew.ts';
import { LINEAR_ROWS, SUM_PARTS } from './node-layout.ts';
import { nodeOperation, takeRows } from './node-operation.ts';

/**
 * y ← keep · y + x W + bias, with x [rows × inner], W [inner × d] (or its transpose) and y [rows × d]. Listed rows are first copied next to each other, so that the product
 * works on whole tiles, and copied back afterwards.
 */
export const linear = nodeOperation(
  [
    ...(['x', 'xStride', 'inner', 'w', 'wRows', 'wStride', 'transposed'] as const),
    ...(['y', 'yStride', 'd', 'bias', 'keep', 'list', 'count'] as const),
  ],
  ({ memory: { kernels, layout }, crew, thread }, given) => {
    const { x, xStride, inner, w, wRows, wStride, transposed, y, yStride, d, bias, keep, list, count } = given;
    const place = layout.nodes!.linear;
    const own = place.threads + thread * place.threadBytes;
    const source = own + place.source;
    const target = own + place.target;
    // W is read as it lies, row by row; for Wᵀ each thread first packs W into panels of eight columns
    const weight = transposed ? { b: own, bRow: 32, bTile: wStride * 8 } : { b: w, bRow: wStride, bTile: 32 };
    if (transposed) kernels.packPanels(w, wStride, wStride / 4, 0, (wRows + 7) & ~7, wRows, own);
    const map = (a: number, aRow: number, c: number, cRow: number, rows: number) => {
      // prepares what the product adds to: bias + keep · y (a stride of 0 repeats the bias in every row), or keep · y, or y as it is
      const target = { y: c, yStride: cRow, d, list: 0, from: 0, to: rows };
      if (bias) kernels.combineRows({ x: bias, xStride: 0, keep, scale: 1, ...target });
      else if (keep !== 0 && keep !== 1) kernels.combineRows({ x: c, xStride: cRow, keep: 0, scale: keep, ...target });
      const accumulate = bias !== 0 || keep !== 0;
      kernels.product({ a, aRow, aColumn: 4, ...weight, c, cRow, m: rows, n: d, k: inner, accumulate });
    };
    takeRows(
      crew,
      count,
      (from, to) => {
        if (!list) {
          map(x + from * xStride, xStride, y + from * yStride, yStride, to - from);
          return;
        }
        const rows = list + from * 4;
        kernels.collectRows(x, source, xStride, xStride / 4, rows, 0, to - from);
        if (keep !== 0) kernels.collectRows(y, target, yStride, d, rows, 0, to - from);
        map(source, xStride, target, d * 4, to - from);
        kernels.scatterRows(target, y, yStride, d, rows, 0, to - from);
      },
      LINEAR_ROWS,
    );
  },
);

const gradientNames = ['x', 'xStride', 'inner', 'dy', 'dyStride', 'd', 'dW', 'db', 'list', 'count'] as const;

/** Partial sums, one per part of the rows: dW = Σ_r x_rᵀ dy_r [inner × d] and, as one more row below it, db = Σ_r dy_r [d]. */
export const linearGradientParts = nodeOperation(
  gradientNames,
  ({ memory: { kernels, layout }, crew, thread }, { x, xStride, inner, dy, dyStride, d, list, count }) => {
    const { linear } = layout.nodes!;
    const own = linear.threads + thread * linear.threadBytes;
    const [source, gradient] = [own + linear.source, own + linear.target];
    const width = d * 4;
    takeParts(crew, count, (part, from, to) => {
      const sum = linear.parts + part * linear.partBytes;
      const add = (rowsAt: number, gradientsAt: number, rows: number, accumulate: boolean) => {
        const right = { b: gradientsAt, bRow: dyStride, bTile: 32, cRow: width, n: d, k: rows, accumulate };
        kernels.product({ a: rowsAt, aRow: 4, aColumn: xStride, c: sum, m: inner, ...right });
        // db: strides of 0 make the single 1 at `ones` a row of ones
        kernels.product({ a: layout.at.ones, aRow: 0, aColumn: 0, c: sum + inner * width, m: 1, ...right });
      };
      if (!list) {
        add(x + from * xStride, dy + from * dyStride, to - from, false);
        return;
      }
      for (let first = from; first < to; first += LINEAR_ROWS) {
        const rows = Math.min(LINEAR_ROWS, to - first);
        kernels.collectRows(x, source, xStride, xStride / 4, list + first * 4, 0, rows);
        kernels.collectRows(dy, gradient, dyStride, d, list + first * 4, 0, rows);
        add(source, gradient, rows, first > from);
      }
    });
  },
);

/** Adds the parts in order, so the result does not depend on the number of threads. A task is a range of rows of dW. */
export const linearGradientSum = nodeOperation(
  gradientNames,
  ({ memory: { kernels, layout }, crew }, { inner, d, dW, db, count }) => {
    const { parts, partBytes } = layout.nodes!.linear;
    const width = d * 4;
    const used = partsOf(count);
    // the row after the last of dW is db
    takeRows(crew, inner + (db ? 1 : 0), (from, to) => {
      const add = (target: number, first: number, last: number) => {
        for (let part = 0; part < used; part++) {
          const x = parts + part * partBytes + first * width;
          const sum = { x, xStride: width, y: target, yStride: width, d, scale: 1, list: 0, from: 0, to: last - first };
          kernels.combineRows({ keep: part === 0 ? 0 : 1, ...sum });
        }
      };
      add(dW + from * width, from, Math.min(to, inner));
      if (to > inner) add(db, inner, inner + 1);
    });
  },
);

/** The number of parts of a sum over `rows` rows: at most SUM_PARTS, at least one, and none empty (with rows > 0). */
function partsOf(rows: number): number {
  return Math.max(1, Math.ceil(rows / rowsOfPart(rows)));
}

function rowsOfPart(rows: number): number {
  return Math.max(1, Math.ceil(rows / SUM_PARTS));
}

/** Calls `work` for the parts of a sum over `rows` rows until all parts are taken. */
function takeParts(crew: Crew, rows: number, work: (part: number, from: number, to: number) => void): void {
  const size = rowsOfPart(rows);
  const parts = partsOf(rows);
  for (let part = crew.nextTask(); part < parts; part = crew.nextTask()) {
    work(part, part * size, Math.min(rows, (part + 1) * size));
  }
}
