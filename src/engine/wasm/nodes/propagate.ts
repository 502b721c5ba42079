import { TaurecError } from '../../../errors.ts';
import type { Propagation } from '../../node-operations.ts';
import type { ThreadMemory } from '../memory.ts';
import { BUFFER_WORDS, type TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';
import { rowSet } from './row-set.ts';

/** y ← scale · D^−left A D^−right x + plusScale · plus; the rows of y are split among the threads. */
export const propagate: NodeOperation = {
  run({ kernels, layout }, crew, thread, args) {
    const [x, xStride, y, yStride, d, left, right, scale, plus, plusStride, plusScale, marks, plusMarks, list, count] =
      args as unknown as number[];
    const { offsets, neighbours, buffers } = layout.nodes!;
    const buffer = buffers + thread * BUFFER_WORDS * 4;
    takeRows(crew, count!, (from, to) => {
      kernels.propagateRows(
        x!, xStride!, y!, yStride!, d!, offsets, neighbours, left!, right!, scale!,
        plus!, plusStride!, plusScale!, marks!, plusMarks!, buffer, list!, from, to,
      ); // biome-ignore format: arguments as the kernel has them
    });
  },
};

export function propagateArguments(
  memory: ThreadMemory,
  x: TablePlace,
  y: TablePlace,
  options: Propagation & { readonly plus?: TablePlace },
): number[] {
  const { left, right, scale = 1, plus, plusScale = 1, targets = 'all', sources = 'all' } = options;
  const nodes = memory.layout.nodes!;
  const powers = (exponent: number): number => {
    const at = nodes.powers.get(exponent);
    if (at !== undefined) return at;
    throw new TaurecError('unknown-name', { kind: 'exponent', got: exponent, known: [...nodes.powers.keys()] });
  };
  return [
    x.at,
    x.stride * 4,
    y.at,
    y.stride * 4,
    x.stride,
    powers(left),
    powers(right),
    scale,
    plus?.at ?? 0,
    (plus?.stride ?? 0) * 4,
    plusScale,
    sources === 'touched' ? nodes.marks : 0,
    // this table is 0 elsewhere: no need to read that
    plus?.at === nodes.finalGradient.at ? nodes.marks : 0,
    ...rowSet(memory, targets),
  ];
}
