import type { EnginePlan } from '../engine.ts';

/** Where a table lies: byte address, and floats between its rows. */
export interface TablePlace {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

/** A trained parameter, its gradient, and the addresses of its moments, which have its shape (0 without). */
interface WeightPlace {
  readonly values: TablePlace;
  readonly gradient: TablePlace;
  readonly m: number;
  readonly v: number;
}

/** Where the graph and the tables of a backbone lie. */
export interface NodeLayout {
  readonly nodes: number;
  readonly base: TablePlace;
  readonly baseGradient: TablePlace;
  readonly final: TablePlace;
  readonly finalGradient: TablePlace;
  readonly tables: ReadonlyMap<string, TablePlace>;
  readonly weights: ReadonlyMap<string, WeightPlace>;
  /** Of the graph: int32 [nodes + 1], int32 [2 × interactions]. */
  readonly offsets: number;
  readonly neighbours: number;
  /** float32 [nodes] degree^−exponent, by exponent. */
  readonly powers: ReadonlyMap<number, number>;
  /** The nodes that the batch touches: uint8 [nodes], 1 where it does; and their list, int32, users first. */
  readonly marks: number;
  readonly touched: number;
  /** For each thread BUFFER_WORDS words. */
  readonly buffers: number;
  /** Scratch of single operations. */
  readonly linear: LinearLayout;
  readonly contrast: ContrastLayout;
  /** The first byte behind all of it. */
  readonly end: number;
}

/** Words of a thread's buffer; the kernels know how many. */
export const BUFFER_WORDS = 256;

/** Floats between rows of so many columns: whole vectors. */
export function strideOf(columns: number): number {
  return (columns + 3) & ~3;
}

/** Lays out what a backbone needs, from byte `start` on; `base` is where the rows of users and items lie. */
export function nodeLayout(plan: EnginePlan, threads: number, start: number, base: number): NodeLayout | undefined {
  const { backbone, dimension, training } = plan;
  if (!backbone) return undefined;
  const nodes = plan.users + plan.items;
  let end = start;
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

/** Rows that a thread maps at a time: whole register tiles. */
export const LINEAR_ROWS = 96;

/** Parts that a sum over nodes is made of; each is one task, and they are added in order: the result does not depend on the number of threads. */
export const SUM_PARTS = 32;

/** Scratch of the linear maps (byte addresses). */
interface LinearLayout {
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

/** Scratch of `contrast` (byte addresses); without one all is empty. */
interface ContrastLayout {
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

function contrastLayout({ backbone, dimension }: EnginePlan, take: (bytes: number) => number): ContrastLayout {
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
