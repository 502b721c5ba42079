import type { EnginePlan } from '../../engine.ts';

/** Rows that a thread maps at a time: whole register tiles. */
export const LINEAR_ROWS = 96;

/** Parts that a sum over nodes is made of; each is one task, and they are added in order: the result does not depend on the number of threads. */
export const SUM_PARTS = 32;

/** Scratch of the linear maps (byte addresses). */
export interface LinearLayout {
  /** Of each thread: a transposed weight in panels, LINEAR_ROWS rows read, and as many written. */
  readonly threads: number;
  /** Bytes of one thread's share, and where its rows begin in it. */
  readonly threadBytes: number;
  readonly source: number;
  readonly target: number;
  /** SUM_PARTS partial gradients, a part every `partBytes`. */
  readonly parts: number;
  readonly partBytes: number;
}

/** Nothing is taken for a backbone without parameters. */
export function linearLayout(
  { backbone, dimension }: EnginePlan,
  threads: number,
  take: (bytes: number) => number,
): LinearLayout {
  const shapes = Object.values(backbone!.weights);
  const needed = shapes.length > 0;
  const largest = (values: readonly number[]) => Math.max(0, ...values.map((x) => (x + 7) & ~7));
  const [rows, columns] = [largest(shapes.map(([r]) => r)), largest(shapes.map(([, c]) => c))];
  const { outputDimension, tables } = backbone!;
  const widest = largest([dimension, outputDimension, ...Object.values(tables)]);
  const panels = rows * columns * 4;
  const block = LINEAR_ROWS * widest * 4;
  const threadBytes = needed ? panels + 2 * block : 0;
  // a weight's rows and its bias
  const partBytes = needed ? (rows + 1) * columns * 4 : 0;
  return {
    threads: take(threads * threadBytes),
    threadBytes,
    source: panels,
    target: panels + block,
    parts: take(SUM_PARTS * partBytes),
    partBytes,
  };
}
