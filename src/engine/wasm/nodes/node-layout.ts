import type { EnginePlan } from '../../engine.ts';
import { type ContrastLayout, contrastLayout } from './contrast-layout.ts';
import { type LinearLayout, linearLayout } from './linear-layout.ts';

/** Where a table lies: byte address, and floats between its rows. */
export interface TablePlace {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

/** A trained parameter, its gradient, and the addresses of its moments, which have its shape (0 without). */
export interface WeightPlace {
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
