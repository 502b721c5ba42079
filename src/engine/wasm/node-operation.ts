import type { Crew } from './crew.ts';
import type { Kernels } from './kernels.ts';
import type { ThreadMemory } from './memory.ts';
import { BUFFER_WORDS } from './node-layout.ts';

/** A thread that works on an operation. */
export interface NodeThread {
  readonly memory: ThreadMemory;
  readonly crew: Crew;
  readonly thread: number;
}

/**
 * An operation on node tables. Its arguments are named numbers: the coordinator writes them to the shared memory in the order of `names`, and every thread reads them
 * from there. Arguments called x, y, z, … are byte addresses, strides are in bytes, `d` counts floats (padding included), `list` is the address of the row numbers (0: all
 * rows) and `count` the number of rows.
 */
export interface NodeOperation<Name extends string = string> {
  readonly names: readonly Name[];
  /** Runs on every thread: takes tasks from the crew until none is left. */
  run(thread: NodeThread, given: Readonly<Record<Name, number>>): void;
}

/** Declares an operation: the compiler then checks that `run` uses only the listed arguments. */
export function nodeOperation<const Name extends string>(
  names: readonly Name[],
  run: NodeOperation<Name>['run'],
): NodeOperation<Name> {
  return { names, run };
}

/** Rows of one task: few enough that threads finish together, many enough that taking a task costs nothing. */
const CHUNK = 64;

/** Calls `work` for ranges of `chunk` rows until the threads together have taken all `rows`. */
export function takeRows(
  crew: Crew,
  rows: number,
  work: (from: number, to: number) => void,
  chunk: number = CHUNK,
): void {
  const tasks = Math.ceil(rows / chunk);
  for (let task = crew.nextTask(); task < tasks; task = crew.nextTask()) {
    work(task * chunk, Math.min(rows, (task + 1) * chunk));
  }
}

/** An operation that consists of one kernel call for each range of rows [from, to). */
function rowOperation<const Name extends string>(
  names: readonly Name[],
  work: (kernels: Kernels, range: Readonly<Record<Name | 'from' | 'to', number>>) => void,
) {
  return nodeOperation([...names, 'count'], ({ memory, crew }, given: Readonly<Record<Name | 'count', number>>) => {
    // one object for all ranges: a range is a few microseconds of work, too little to pay for an allocation
    const range = { ...given, from: 0, to: 0 };
    takeRows(crew, given.count, (from, to) => {
      range.from = from;
      range.to = to;
      work(memory.kernels, range);
    });
  });
}

/** y ← value in the listed rows (kernels/nodes.ts). */
export const fill = rowOperation(
  ['y', 'yStride', 'columns', 'value', 'list'],
  (kernels, { y, yStride, columns, value, list, from, to }) =>
    kernels.fillRows(y, yStride, columns, value, list, from, to),
);

/** y ← keep · y + scale · x. */
export const combine = rowOperation(['x', 'xStride', 'y', 'yStride', 'd', 'keep', 'scale', 'list'], (kernels, range) =>
  kernels.combineRows(range),
);

/** z ← keep · z + x ⊙ y. */
export const multiply = rowOperation(
  ['x', 'xStride', 'y', 'yStride', 'z', 'zStride', 'd', 'keep', 'list'],
  (kernels, range) => kernels.multiplyRows(range),
);

/** g ← g where y > 0, slope · g elsewhere. With g = y this is leaky ReLU itself. */
export const leakyRelu = rowOperation(['y', 'yStride', 'g', 'gStride', 'd', 'slope', 'list'], (kernels, range) =>
  kernels.leakyRows(range),
);

/** y ← x / max(‖x‖, 1e-12) row by row; `y` is the address of the first column that is written. */
export const normalize = rowOperation(
  ['x', 'xStride', 'y', 'yStride', 'columns', 'list'],
  (kernels, { x, xStride, y, yStride, columns, list, from, to }) =>
    kernels.normalizeRows(x, xStride, y, yStride, columns, list, from, to),
);

/** The adjoint of `normalize`. */
export const normalizeBackward = rowOperation(
  ['x', 'xStride', 'g', 'gStride', 'dx', 'dxStride', 'columns', 'keep', 'list'],
  (kernels, range) => kernels.normalizeBackwardRows(range),
);

/** y ← y + amount · sign(y) ⊙ n/‖n‖. */
export const addNoise = rowOperation(
  ['y', 'yStride', 'columns', 'key', 'amount', 'list'],
  (kernels, { y, yStride, columns, key, amount, list, from, to }) =>
    kernels.noiseRows(y, yStride, columns, key, amount, list, from, to),
);

/** y ← mask ⊙ y / (1 − p). */
export const dropout = rowOperation(['y', 'stride', 'd', 'key', 'keepBelow', 'keepScale', 'list'], (kernels, range) =>
  kernels.dropRows(range),
);

/** y ← scale · D^−left A D^−right x + plusScale · plus; the arguments `left` and `right` are addresses of degree powers [nodes]. */
export const propagate = nodeOperation(
  [
    ...(['x', 'xStride', 'y', 'yStride', 'd', 'left', 'right', 'scale'] as const),
    ...(['plus', 'plusStride', 'plusScale', 'marks', 'plusMarks', 'list', 'count'] as const),
  ],
  ({ memory: { kernels, layout }, crew, thread }, given) => {
    const { offsets, neighbours, buffers } = layout.nodes!;
    const range = { ...given, offsets, neighbours, buffer: buffers + thread * BUFFER_WORDS * 4, from: 0, to: 0 };
    takeRows(crew, given.count, (from, to) => {
      range.from = from;
      range.to = to;
      kernels.propagateRows(range);
    });
  },
);

/** Copies the gradients of the packed rows (`users` user slots, then the item slots) to the rows of their nodes in the table of final gradients. */
export const scatterGradients = nodeOperation(
  ['userGradients', 'users', 'count'],
  ({ memory: { kernels, layout }, crew }, { userGradients, users, count }) => {
    const { finalGradient, touched } = layout.nodes!;
    const { at, stride } = finalGradient;
    const scatter = (gradients: number, first: number, from: number, to: number) => {
      kernels.scatterRows(gradients, at, stride * 4, stride, touched + first * 4, from - first, to - first);
    };
    takeRows(crew, count, (from, to) => {
      if (from < users) scatter(userGradients, 0, from, Math.min(to, users));
      if (to > users) scatter(layout.at.itemGradients, users, Math.max(from, users), to);
    });
  },
);
