import { TaurecError } from '../../errors.ts';
import type { Floats } from '../../loss/loss.ts';
import type { BackbonePlan } from '../engine.ts';
import { fillDegreePowers, fillNodeGraph } from '../node-graph.ts';
import type { NodeRows, NodeTable } from '../node-operations.ts';

/** The training graph, and the nodes that the current batch touches. */
export class ReferenceGraph {
  readonly nodes: number;
  readonly users: number;
  /** The neighbours of node i are neighbours[offsets[i] .. offsets[i + 1]). */
  readonly offsets: Int32Array;
  readonly neighbours: Int32Array;
  touched: ReadonlySet<number> = new Set();
  readonly #powers: ReadonlyMap<number, Float64Array>;

  constructor({ graph, exponents }: BackbonePlan) {
    this.users = graph.rows;
    this.nodes = graph.rows + graph.columns;
    this.offsets = new Int32Array(this.nodes + 1);
    this.neighbours = new Int32Array(2 * graph.indices.length);
    fillNodeGraph(graph, this);
    this.#powers = new Map(exponents.map((exponent) => [exponent, this.#powersOf(exponent)]));
  }

  /** [nodes] degree^−exponent. @throws TaurecError `unknown-name` if the plan does not list the exponent */
  degreePowers(exponent: number): Float64Array {
    const powers = this.#powers.get(exponent);
    if (powers) return powers;
    throw new TaurecError('unknown-name', { kind: 'exponent', got: exponent, known: [...this.#powers.keys()] });
  }

  /** The nodes that an operation's `rows` option names. */
  rowsOf(rows: NodeRows): Iterable<number> {
    return rows === 'touched' ? this.touched : Array.from({ length: this.nodes }, (_, node) => node);
  }

  #powersOf(exponent: number): Float64Array {
    const powers = new Float64Array(this.nodes);
    fillDegreePowers(powers, this.offsets, exponent);
    return powers;
  }
}

/** A row-major table without padding: its stride is its number of columns. */
export class ReferenceTable<T extends Floats = Floats> implements NodeTable {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly data: T;

  constructor(rows: number, columns: number, data: T) {
    this.rows = rows;
    this.columns = columns;
    this.stride = columns;
    this.data = data;
  }

  row(r: number): T {
    return this.data.subarray(r * this.columns, (r + 1) * this.columns) as T;
  }
}

/** A table of zeros in double precision, for values that are computed. */
export function doubleTable(rows: number, columns: number): ReferenceTable {
  return new ReferenceTable(rows, columns, new Float64Array(rows * columns));
}

/** A table of zeros in single precision, for values that are trained and saved. */
export function singleTable(rows: number, columns: number): ReferenceTable<Float32Array> {
  return new ReferenceTable(rows, columns, new Float32Array(rows * columns));
}
