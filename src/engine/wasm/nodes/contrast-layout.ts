import type { EnginePlan } from '../../engine.ts';

/** Scratch of `contrast` (byte addresses); without one all is empty. */
export interface ContrastLayout {
  /** The nodes compared, int32. */
  readonly list: number;
  /** Of the first table and of the second: their normalised rows, the norms, and the gradients. */
  readonly packed: readonly [number, number];
  readonly norms: readonly [number, number];
  readonly gradients: readonly [number, number];
  /** The second table's rows in panels. */
  readonly panels: number;
  /** Scores, then their gradients: a row of `scoreStride` floats for each node. */
  readonly scores: number;
  readonly scoreStride: number;
  /** float64, a node's part of the value. */
  readonly values: number;
}

export function contrastLayout({ backbone, dimension }: EnginePlan, take: (bytes: number) => number): ContrastLayout {
  const { contrastNodes: nodes = 0, outputDimension, tables } = backbone!;
  const stride = Math.max(...[dimension, outputDimension, ...Object.values(tables)].map((x) => (x + 3) & ~3));
  // not a multiple of a page, as that of the other scores
  const scoreStride = ((nodes + 3) & ~3) + 16;
  const two = (bytes: number) => [take(bytes), take(bytes)] as const;
  return {
    list: take(nodes * 4),
    packed: two(nodes * stride * 4),
    norms: two(nodes * 4),
    gradients: two(nodes * stride * 4),
    panels: take(((nodes + 7) & ~7) * stride * 4),
    scores: take(nodes * scoreStride * 4),
    scoreStride,
    values: take(nodes * 8),
  };
}
