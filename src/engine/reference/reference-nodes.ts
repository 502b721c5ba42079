import { type Matrix, matrix } from '../../array/matrix.ts';
import { dropoutKeeps, dropoutThreshold, uniform } from '../../array/random.ts';
import { TaurecError } from '../../errors.ts';
import { logExpectationExp } from '../../loss/log-expectation-exp.ts';
import type { Floats } from '../../loss/loss.ts';
import type { Batch } from '../../sampler/sampler.ts';
import type { BackbonePlan } from '../engine.ts';
import { contrastedNodes } from '../node-graph.ts';
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
} from '../node-operations.ts';
import { addScaled, dot, inverseNorm } from './embedding-table.ts';
import { doubleTable, ReferenceGraph, ReferenceTable, singleTable } from './node-tables.ts';

/** A trained parameter, its gradient and its moments. */
interface ReferenceWeight {
  readonly values: ReferenceTable<Float32Array>;
  readonly gradient: ReferenceTable;
  readonly m: ReferenceTable<Float32Array>;
  readonly v: ReferenceTable<Float32Array>;
}

/** The definition of the node operations, one plain loop each (formulas: node-operations.ts). Trained values are 32-bit floats; all others are in double precision. */
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

  /** `base` is [nodes × dimension], the rows of users and then items. */
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

  /** Starts a batch that touches the given nodes, and clears the gradients of the batch before it. */
  begin(batch: Batch, touched: ReadonlySet<number>): void {
    this.#batch = batch;
    this.graph.touched = touched;
    this.finalGradient.data.fill(0);
  }

  /** Copies of the final embeddings in 32-bit floats, the precision in which they would be stored. */
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
    // all of the table's own rows: a parameter has other rows than the nodes
    if (rows === 'all') y.data.fill(value);
    else for (const node of this.graph.rowsOf(rows)) rowOf(y, node).fill(value);
  }

  combine(x: NodeTable, y: NodeTable, { scale = 1, keep = 0, rows = 'all' }: Combination = {}): void {
    for (const node of this.graph.rowsOf(rows)) {
      const [source, target] = [rowOf(x, node), rowOf(y, node)];
      const columns = Math.min(source.length, target.length);
      for (let c = 0; c < columns; c++) target[c] = kept(keep, target[c]!) + scale * source[c]!;
    }
  }

  propagate(x: NodeTable, y: NodeTable, options: Propagation): void {
    const { left, right, scale = 1, plus, plusScale = 1, targets = 'all', sources = 'all' } = options;
    const { offsets, neighbours, touched } = this.graph;
    const [leftPowers, rightPowers] = [this.graph.degreePowers(left), this.graph.degreePowers(right)];
    for (const target of this.graph.rowsOf(targets)) {
      const sum = new Float64Array(x.columns);
      for (const source of neighbours.subarray(offsets[target]!, offsets[target + 1]!)) {
        if (sources === 'touched' && !touched.has(source)) continue;
        const values = rowOf(x, source);
        for (let c = 0; c < sum.length; c++) sum[c]! += rightPowers[source]! * values[c]!;
      }
      const values = rowOf(y, target);
      const added = plus && rowOf(plus, target);
      for (let c = 0; c < sum.length; c++) {
        values[c] = scale * leftPowers[target]! * sum[c]! + (added ? plusScale * added[c]! : 0);
      }
    }
  }

  multiply(x: NodeTable, y: NodeTable, z: NodeTable, { keep = 0, rows = 'all' }: Accumulation = {}): void {
    for (const node of this.graph.rowsOf(rows)) {
      const [a, b, target] = [rowOf(x, node), rowOf(y, node), rowOf(z, node)];
      for (let c = 0; c < target.length; c++) target[c] = kept(keep, target[c]!) + a[c]! * b[c]!;
    }
  }

  leakyRelu(y: NodeTable, slope: number, rows: NodeRows = 'all'): void {
    this.leakyReluBackward(y, y, slope, rows);
  }

  leakyReluBackward(y: NodeTable, g: NodeTable, slope: number, rows: NodeRows = 'all'): void {
    for (const node of this.graph.rowsOf(rows)) {
      const [values, gradient] = [rowOf(y, node), rowOf(g, node)];
      for (let c = 0; c < gradient.length; c++) if (!(values[c]! > 0)) gradient[c]! *= slope;
    }
  }

  normalize(x: NodeTable, y: NodeTable, options: ColumnWindow & { readonly rows?: NodeRows } = {}): void {
    const { column = 0, rows = 'all' } = options;
    for (const node of this.graph.rowsOf(rows)) {
      const [source, target] = [rowOf(x, node), rowOf(y, node)];
      const inverse = inverseNorm(source);
      for (let c = 0; c < source.length; c++) target[column + c] = source[c]! * inverse;
    }
  }

  normalizeBackward(x: NodeTable, dy: NodeTable, dx: NodeTable, options: ColumnWindow & Accumulation = {}): void {
    const { column = 0, keep = 0, rows = 'all' } = options;
    for (const node of this.graph.rowsOf(rows)) {
      const [source, target] = [rowOf(x, node), rowOf(dx, node)];
      const gradient = throughNorm(source, rowOf(dy, node).subarray(column, column + source.length));
      for (let c = 0; c < source.length; c++) target[c] = kept(keep, target[c]!) + gradient[c]!;
    }
  }

  linear(x: NodeTable, weight: NodeTable, y: NodeTable, options: LinearMap = {}): void {
    const { transposed = false, keep = 0, rows = 'all' } = options;
    const bias = options.bias?.data;
    // entry (k, c) of W or Wᵀ lies at k · down + c · across
    const [down, across] = transposed ? [1, weight.columns] : [weight.columns, 1];
    for (const node of this.graph.rowsOf(rows)) {
      const [source, target] = [rowOf(x, node), rowOf(y, node)];
      for (let c = 0; c < target.length; c++) {
        let sum = kept(keep, target[c]!) + (bias?.[c] ?? 0);
        for (let k = 0; k < source.length; k++) sum += source[k]! * weight.data[k * down + c * across]!;
        target[c] = sum;
      }
    }
  }

  linearGradients(x: NodeTable, dy: NodeTable, dW: NodeTable, db?: NodeTable, rows: NodeRows = 'all'): void {
    dW.data.fill(0);
    db?.data.fill(0);
    for (const node of this.graph.rowsOf(rows)) {
      const [source, gradient] = [rowOf(x, node), rowOf(dy, node)];
      for (let k = 0; k < source.length; k++) {
        const target = rowOf(dW, k);
        for (let c = 0; c < gradient.length; c++) target[c]! += source[k]! * gradient[c]!;
      }
      if (db) for (let c = 0; c < gradient.length; c++) db.data[c]! += gradient[c]!;
    }
  }

  addNoise(y: NodeTable, amount: number, { key, rows = 'all' }: Randomness): void {
    for (const node of this.graph.rowsOf(rows)) {
      const target = rowOf(y, node);
      const noise = Float64Array.from(target, (_, c) => uniform(key, node, c));
      const scale = amount * inverseNorm(noise);
      for (let c = 0; c < target.length; c++) target[c]! += Math.sign(target[c]!) * noise[c]! * scale;
    }
  }

  dropout(y: NodeTable, probability: number, { key, rows = 'all' }: Randomness): void {
    const below = dropoutThreshold(probability);
    for (const node of this.graph.rowsOf(rows)) {
      const target = rowOf(y, node);
      for (let c = 0; c < target.length; c++) {
        target[c] = dropoutKeeps(key, node, c, below) ? target[c]! / (1 - probability) : 0;
      }
    }
  }

  contrast(a: NodeTable, b: NodeTable, da: NodeTable, db: NodeTable, { of, temperature, weight }: Contrast): number {
    const nodes = contrastedNodes(this.#batch!, of, this.users, this.#contrastNodes);
    const m = nodes.length;
    const unit = (table: NodeTable, node: number) => {
      const x = rowOf(table, node);
      const inverse = inverseNorm(x);
      return Float64Array.from(x, (value) => value * inverse);
    };
    const [as, bs] = [nodes.map((node) => unit(a, node)), nodes.map((node) => unit(b, node))];
    // with respect to the normalised rows, still without the factor weight/(m τ)
    const [aGradients, bGradients] = [as, bs].map((rows) => rows.map((x) => new Float64Array(x.length)));
    let value = 0;
    as.forEach((x, i) => {
      const scores = Float64Array.from(bs, (y) => dot(x, y));
      const gradients = new Float64Array(m);
      const log = logExpectationExp(scores, temperature, undefined, gradients);
      // logExpectationExp is τ log of a mean: log m makes the mean a sum
      value += (log - scores[i]!) / temperature + Math.log(m);
      gradients[i]! -= 1;
      gradients.forEach((g, j) => {
        addScaled(aGradients![i]!, g, bs[j]!);
        addScaled(bGradients![j]!, g, x);
      });
    });
    const scale = weight / (m * temperature);
    nodes.forEach((node, i) => {
      addScaled(rowOf(da, node), scale, throughNorm(rowOf(a, node), aGradients![i]!));
      addScaled(rowOf(db, node), scale, throughNorm(rowOf(b, node), bGradients![i]!));
    });
    return (weight / m) * value;
  }
}

/** Row r of a table; all tables of this engine are ReferenceTables. */
function rowOf(table: NodeTable, r: number): Floats {
  return (table as ReferenceTable).row(r);
}

function known<T>(kind: string, name: string, all: ReadonlyMap<string, T>): T {
  const found = all.get(name);
  if (!found) throw new TaurecError('unknown-name', { kind, got: name, known: [...all.keys()] });
  return found;
}

/** keep · old; 0 for keep = 0 even if the old value is NaN or infinite. */
function kept(keep: number, old: number): number {
  return keep === 0 ? 0 : keep * old;
}

/** The gradient with respect to x, (g − ⟨g, x̂⟩ x̂) / max(‖x‖, 1e-12), given the gradient g with respect to x̂ = x / max(‖x‖, 1e-12). */
function throughNorm(x: Float32Array | Float64Array, g: Float32Array | Float64Array): Float64Array {
  const inverse = inverseNorm(x);
  let along = 0;
  for (let c = 0; c < x.length; c++) along += g[c]! * x[c]! * inverse;
  return Float64Array.from(x, (value, c) => (g[c]! - along * value * inverse) * inverse);
}
