import { type Matrix, matrix } from '../../../array/matrix.ts';
import { TaurecError } from '../../../errors.ts';
import type { Batch } from '../../../sampler/sampler.ts';
import { contrastedNodes } from '../../contrasted-nodes.ts';
import type { BackbonePlan } from '../../engine.ts';
import type {
  Accumulation,
  ColumnWindow,
  Combination,
  Contrast,
  LinearMap,
  NodeOperations,
  NodeRows,
  NodeTable,
  Propagation,
  Randomness,
} from '../../node-operations.ts';
import { combine } from './combine.ts';
import { contrast } from './contrast.ts';
import { leakyRelu, leakyReluBackward } from './leaky-relu.ts';
import { linear, linearGradients } from './linear.ts';
import { multiply } from './multiply.ts';
import { normalize, normalizeBackward } from './normalize.ts';
import { propagate } from './propagate.ts';
import { addNoise, dropout } from './random.ts';
import { ReferenceGraph } from './reference-graph.ts';
import { doubleTable, ReferenceTable, singleTable } from './reference-table.ts';

/** A table of this engine. */
type Table = ReferenceTable;

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
  readonly #contrastNodes: number;
  #batch?: Batch;

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
    this.#contrastNodes = plan.contrastNodes ?? 0;
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
  begin(batch: Batch, touched: ReadonlySet<number>): void {
    this.#batch = batch;
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

  fill(y: NodeTable, value: number, rows: NodeRows = 'all'): void {
    // a weight's rows are not nodes
    if (rows === 'all') y.data.fill(value);
    else for (const node of this.graph.rowsOf(rows)) (y as Table).row(node).fill(value);
  }

  combine(x: NodeTable, y: NodeTable, options: Combination = {}): void {
    combine(this.graph, x as Table, y as Table, options);
  }

  propagate(x: NodeTable, y: NodeTable, options: Propagation): void {
    propagate(this.graph, x as Table, y as Table, options);
  }

  multiply(x: NodeTable, y: NodeTable, z: NodeTable, options: Accumulation = {}): void {
    multiply(this.graph, x as Table, y as Table, z as Table, options);
  }

  leakyRelu(y: NodeTable, slope: number, rows: NodeRows = 'all'): void {
    leakyRelu(this.graph, y as Table, slope, rows);
  }

  leakyReluBackward(y: NodeTable, g: NodeTable, slope: number, rows: NodeRows = 'all'): void {
    leakyReluBackward(this.graph, y as Table, g as Table, slope, rows);
  }

  normalize(x: NodeTable, y: NodeTable, options: ColumnWindow & { readonly rows?: NodeRows } = {}): void {
    normalize(this.graph, x as Table, y as Table, options);
  }

  normalizeBackward(x: NodeTable, dy: NodeTable, dx: NodeTable, options: ColumnWindow & Accumulation = {}): void {
    normalizeBackward(this.graph, x as Table, dy as Table, dx as Table, options);
  }

  linear(x: NodeTable, weight: NodeTable, y: NodeTable, options: LinearMap = {}): void {
    linear(this.graph, x as Table, weight as Table, y as Table, options);
  }

  linearGradients(x: NodeTable, dy: NodeTable, dW: NodeTable, db?: NodeTable, rows: NodeRows = 'all'): void {
    linearGradients(this.graph, x as Table, dy as Table, dW as Table, db as Table | undefined, rows);
  }

  addNoise(y: NodeTable, amount: number, options: Randomness): void {
    addNoise(this.graph, y as Table, amount, options);
  }

  dropout(y: NodeTable, probability: number, options: Randomness): void {
    dropout(this.graph, y as Table, probability, options);
  }

  contrast(a: NodeTable, b: NodeTable, da: NodeTable, db: NodeTable, options: Contrast): number {
    const nodes = contrastedNodes(this.#batch!, options.of, this.users, this.#contrastNodes);
    return contrast(nodes, a as Table, b as Table, da as Table, db as Table, options);
  }
}

function known<T>(kind: string, name: string, all: ReadonlyMap<string, T>): T {
  const found = all.get(name);
  if (!found) throw new TaurecError('unknown-name', { kind, got: name, known: [...all.keys()] });
  return found;
}
