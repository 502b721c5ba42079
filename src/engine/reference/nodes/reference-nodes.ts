import { type Matrix, matrix } from '../../../array/matrix.ts';
import { TaurecError } from '../../../errors.ts';
import type { BackbonePlan } from '../../engine.ts';
import type { Combination, NodeOperations, NodeTable, Propagation } from '../../node-operations.ts';
import { combine } from './combine.ts';
import { propagate } from './propagate.ts';
import { ReferenceGraph } from './reference-graph.ts';
import { doubleTable, ReferenceTable, singleTable } from './reference-table.ts';

/** A trained parameter, its gradient and its moments. */
export interface ReferenceWeight {
  readonly values: ReferenceTable<Float32Array>;
  readonly gradient: ReferenceTable;
  readonly m: ReferenceTable<Float32Array>;
  readonly v: ReferenceTable<Float32Array>;
}

/** The definition of the node operations: what is trained is kept in 32-bit floats, everything else in double precision; one plain loop an operation. */
export class ReferenceNodes implements NodeOperations {
  readonly graph: ReferenceGraph;
  readonly users: number;
  readonly items: number;
  readonly base: ReferenceTable;
  readonly baseGradient: ReferenceTable;
  readonly final: ReferenceTable;
  readonly finalGradient: ReferenceTable;
  readonly weights: ReadonlyMap<string, ReferenceWeight>;
  readonly #tables: ReadonlyMap<string, ReferenceTable>;

  /** `base` holds the rows of users and items. */
  constructor(plan: BackbonePlan, dimension: number, base: Float32Array, hasMoments: boolean) {
    this.graph = new ReferenceGraph(plan);
    const { nodes } = this.graph;
    this.users = plan.graph.rows;
    this.items = plan.graph.columns;
    this.base = new ReferenceTable(nodes, dimension, base);
    this.baseGradient = doubleTable(nodes, dimension);
    this.final = doubleTable(nodes, plan.outputDimension);
    this.finalGradient = doubleTable(nodes, plan.outputDimension);
    const tables = Object.entries(plan.tables);
    this.#tables = new Map(tables.map(([name, columns]) => [name, doubleTable(nodes, columns)]));
    this.weights = new Map(
      Object.entries(plan.weights).map(([name, [rows, columns]]) => {
        const moments = () => singleTable(hasMoments ? rows : 0, columns);
        const gradient = doubleTable(rows, columns);
        return [name, { values: singleTable(rows, columns), gradient, m: moments(), v: moments() }];
      }),
    );
  }

  /** Takes the nodes of a batch; the gradients of the batch before it are gone. */
  begin(touched: ReadonlySet<number>): void {
    this.graph.touched = touched;
    this.finalGradient.data.fill(0);
  }

  /** The final embeddings as stored ones would be: in 32-bit floats. */
  finals(): { users: Matrix; items: Matrix } {
    const { columns, data } = this.final;
    const values = Float32Array.from(data);
    const items = values.subarray(this.users * columns);
    return { users: matrix(this.users, columns, values), items: matrix(this.items, columns, items) };
  }

  table(name: string): ReferenceTable {
    return known('scratch table', name, this.#tables);
  }

  weight(name: string): ReferenceTable {
    return known('weight', name, this.weights).values;
  }

  weightGradient(name: string): ReferenceTable {
    return known('weight', name, this.weights).gradient;
  }

  fill(y: NodeTable, value: number): void {
    y.data.fill(value);
  }

  combine(x: NodeTable, y: NodeTable, options: Combination = {}): void {
    combine(this.graph, x as ReferenceTable, y as ReferenceTable, options);
  }

  propagate(x: NodeTable, y: NodeTable, options: Propagation): void {
    propagate(this.graph, x as ReferenceTable, y as ReferenceTable, options);
  }
}

function known<T>(kind: string, name: string, all: ReadonlyMap<string, T>): T {
  const found = all.get(name);
  if (!found) throw new TaurecError('unknown-name', { kind, got: name, known: [...all.keys()] });
  return found;
}
