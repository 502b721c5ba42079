import type { NodeRows } from '../../node-operations.ts';
import type { Crew } from '../crew.ts';
import type { ThreadMemory } from '../memory.ts';
import { LINEAR_ROWS, SUM_PARTS } from './linear-layout.ts';
import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';
import { rowSet } from './row-set.ts';

/** The partial sums of dW = Σ_r x_rᵀ dy_r and, below it, of db = Σ_r dy_r: each over its own range of the rows. */
export const linearGradientParts: NodeOperation = {
  run({ kernels, layout }, crew, thread, args) {
    const [x, xStride, inner, dy, dyStride, columns, , , list, count] = args as unknown as number[];
    const { linear } = layout.nodes!;
    const own = linear.threads + thread * linear.threadBytes;
    const [source, gradient] = [own + linear.source, own + linear.target];
    const width = columns! * 4;
    takeParts(crew, count!, (part, from, to) => {
      const sum = linear.parts + part * linear.partBytes;
      const bias = sum + inner! * width;
      const add = (a: number, b: number, rows: number, more: boolean) => {
        kernels.product(a, 4, xStride!, b, dyStride!, 32, sum, width, inner!, columns!, rows, more);
        kernels.product(layout.at.ones, 0, 0, b, dyStride!, 32, bias, width, 1, columns!, rows, more);
      };
      if (!list) {
        add(x! + from * xStride!, dy! + from * dyStride!, to - from, false);
        return;
      }
      for (let first = from; first < to; first += LINEAR_ROWS) {
        const rows = Math.min(LINEAR_ROWS, to - first);
        kernels.collectRows(x!, source, xStride!, xStride! / 4, list + first * 4, 0, rows);
        kernels.collectRows(dy!, gradient, dyStride!, columns!, list + first * 4, 0, rows);
        add(source, gradient, rows, first > from);
      }
    });
  },
};

/** Adds the parts up, in order. */
export const linearGradientSum: NodeOperation = {
  run({ kernels, layout }, crew, _thread, args) {
    const [, , inner, , , columns, dW, db, , count] = args as unknown as number[];
    const { parts, partBytes } = layout.nodes!.linear;
    const width = columns! * 4;
    const used = partsOf(count!);
    // the bias is one row more
    takeRows(crew, inner! + (db ? 1 : 0), (from, to) => {
      const add = (target: number, first: number, last: number) => {
        for (let part = 0; part < used; part++) {
          const source = parts + part * partBytes + first * width;
          kernels.combineRows(source, width, target, width, columns!, part === 0 ? 0 : 1, 1, 0, 0, last - first);
        }
      };
      add(dW! + from * width, from, Math.min(to, inner!));
      if (to > inner!) add(db!, inner!, inner! + 1);
    });
  },
};

export function linearGradientArguments(
  memory: ThreadMemory,
  x: TablePlace,
  dy: TablePlace,
  dW: TablePlace,
  db: TablePlace | undefined,
  rows: NodeRows,
): number[] {
  return [
    ...[x.at, x.stride * 4, x.columns],
    ...[dy.at, dy.stride * 4, dy.stride],
    ...[dW.at, db?.at ?? 0],
    ...rowSet(memory, rows),
  ];
}

/** How many parts a sum over so many rows has: at least one, and none empty. */
function partsOf(rows: number): number {
  return Math.max(1, Math.ceil(rows / rowsOfPart(rows)));
}

function rowsOfPart(rows: number): number {
  return Math.max(1, Math.ceil(rows / SUM_PARTS));
}

function takeParts(crew: Crew, rows: number, work: (part: number, from: number, to: number) => void): void {
  const size = rowsOfPart(rows);
  const parts = partsOf(rows);
  for (let part = crew.nextTask(); part < parts; part = crew.nextTask()) {
    work(part, part * size, Math.min(rows, (part + 1) * size));
  }
}
