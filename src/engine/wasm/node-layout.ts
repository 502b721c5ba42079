import type { EnginePlan } from '../engine.ts';

// The part of the engine's memory that a backbone needs: graph, tables, parameters and scratch.

/** The place of a table in the memory. */
export interface TablePlace {
  /** Byte address. */
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
  /** Floats between the starts of two rows. */
  readonly stride: number;
}

/** A trained parameter, its gradient, and the byte addresses of its moments, which have its shape (0 if there are none). */
interface WeightPlace {
  readonly values: TablePlace;
  readonly gradient: TablePlace;
  readonly m: number;
  readonly v: number;
}

/** The places of a backbone's graph and tables. */
export interface NodeLayout {
  readonly nodes: number;
  readonly base: TablePlace;
  readonly baseGradient: TablePlace;
  readonly final: TablePlace;
  readonly finalGradient: TablePlace;
  readonly tables: ReadonlyMap<string, TablePlace>;
  readonly weights: ReadonlyMap<string, WeightPlace>;
  /** Byte addresses of the graph: int32 [nodes + 1] offsets, int32 [2 × interactions] neighbours. */
  readonly offsets: number;
  readonly neighbours: number;
  /** Byte address of float32 [nodes] degree^−exponent, by exponent. */
  readonly powers: ReadonlyMap<number, number>;
  /** Byte address of uint8 [nodes], 1 for the nodes that the batch touches. */
  readonly marks: number;
  /** Byte address of int32 [nodes], the list of these nodes, users first. */
  readonly touched: number;
  /** Byte address of BUFFER_WORDS words for each thread. */
  readonly buffers: number;
  /** Scratch of `linear` and `linearGradients`. */
  readonly linear: LinearLayout;
  /** Scratch of `contrast`. */
  readonly contrast: ContrastLayout;
  /** The first byte after the backbone's part. */
  readonly end: number;
}

/** Words of a thread's buffer for propagation: the same number as MARKED in kernels/nodes.ts. */
export const BUFFER_WORDS = 256;

/** The stride of rows with the given number of columns: rounded up to a multiple of 4, the floats of a vector. */
export function strideOf(columns: number): number {
  return (columns + 3) & ~3;
}

/** Lays out the backbone's part of the memory from byte `start` on. `base` is the address of the base embeddings of users and items. Undefined without a backbone. */
export function nodeLayout(plan: EnginePlan, threads: number, start: number, base: number): NodeLayout | undefined {
  const { backbone, dimension, training } = plan;
  if (!backbone) return undefined;
  const nodes = plan.users + plan.items;
  let end = start;
  // hands out whole cache lines
  const take = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const table = (rows: number, columns: number, at?: number): TablePlace => {
    const stride = strideOf(columns);
    return { at: at ?? take(rows * stride * 4), rows, columns, stride };
  };
  const weight = (rows: number, columns: number): WeightPlace => {
    const moment = () => (training?.optimizer.name === 'adam' ? table(rows, columns).at : 0);
    return { values: table(rows, columns), gradient: table(rows, columns), m: moment(), v: moment() };
  };
  const { graph, outputDimension, exponents, tables, weights } = backbone;
  const places = {
    nodes,
    base: table(nodes, dimension, base),
    baseGradient: table(nodes, dimension),
    final: table(nodes, outputDimension),
    finalGradient: table(nodes, outputDimension),
    tables: new Map(Object.entries(tables).map(([name, columns]) => [name, table(nodes, columns)])),
    weights: new Map(Object.entries(weights).map(([name, [rows, columns]]) => [name, weight(rows, columns)])),
    offsets: take((nodes + 1) * 4),
    neighbours: take(graph.indices.length * 2 * 4),
    powers: new Map(exponents.map((exponent) => [exponent, take(nodes * 4)])),
    marks: take(nodes),
    touched: take(nodes * 4),
    buffers: take(threads * BUFFER_WORDS * 4),
    linear: linearLayout(plan, threads, take),
    contrast: contrastLayout(plan, take),
  };
  return { ...places, end };
}

/** Rows that a thread maps at a time: 24 register tiles of four rows. */
export const LINEAR_ROWS = 96;

/** Parts that a sum over nodes is divided into. Each part is one task, and the parts are added in order, so the result does not depend on the number of threads. */
export const SUM_PARTS = 32;

/** Scratch of the linear maps (byte addresses). */
interface LinearLayout {
  /** Each thread's share: a transposed weight in panels, then LINEAR_ROWS rows that are read, then LINEAR_ROWS rows that are written. */
  readonly threads: number;
  /** Bytes of one thread's share. */
  readonly threadBytes: number;
  /** Offsets in a share of the rows that are read and written. */
  readonly source: number;
  readonly target: number;
  /** SUM_PARTS partial gradients, `partBytes` apart. */
  readonly parts: number;
  readonly partBytes: number;
}

/** Lays out the scratch of the linear maps for the largest parameter and the widest table; empty for a backbone without parameters. */
function linearLayout(
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
  // the rows of a weight's gradient, and one row for the gradient of its bias
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

/** Scratch of `contrast` (byte addresses) for m = contrastNodes nodes; empty for a backbone that does not call it. */
interface ContrastLayout {
  /** int32 [m] the nodes that are compared. */
  readonly list: number;
  /** For the first and the second table: normalised rows [m × stride], norms [m], and gradients [m × stride]. */
  readonly packed: readonly [number, number];
  readonly norms: readonly [number, number];
  readonly gradients: readonly [number, number];
  /** The second table's normalised rows in panels. */
  readonly panels: number;
  /** [m × scoreStride] scores, which their gradients replace. */
  readonly scores: number;
  readonly scoreStride: number;
  /** float64 [m] each node's part of the value. */
  readonly values: number;
}

function contrastLayout({ backbone, dimension }: EnginePlan, take: (bytes: number) => number): ContrastLayout {
  const { contrastNodes: nodes = 0, outputDimension, tables } = backbone!;
  const stride = Math.max(...[dimension, outputDimension, ...Object.values(tables)].map((x) => (x + 3) & ~3));
  // not a multiple of a page, for the reason given at Layout.scoreStride
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
