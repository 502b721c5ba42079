import { type Matrix, matrix, row } from '../../array/matrix.ts';
import { dropoutThreshold } from '../../array/random.ts';
import { TaurecError } from '../../errors.ts';
import type { Batch } from '../../sampler/sampler.ts';
import { contrastedNodes, fillDegreePowers, fillNodeGraph } from '../node-graph.ts';
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
import { Scalar, type ThreadMemory, Word } from './memory.ts';
import { contrastColumns, contrastPack, contrastRows } from './node-contrast.ts';
import type { NodeLayout, TablePlace } from './node-layout.ts';
import { linear, linearGradientParts, linearGradientSum } from './node-linear.ts';
import {
  addNoise,
  combine,
  dropout,
  fill,
  leakyRelu,
  multiply,
  type NodeOperation,
  type NodeThread,
  normalize,
  normalizeBackward,
  propagate,
  scatterGradients,
} from './node-operation.ts';

/** Every operation; its index is the number that the coordinator writes to the memory. */
const nodeOperations: readonly NodeOperation[] = [
  ...[fill, combine, propagate, scatterGradients, multiply, leakyRelu, normalize, normalizeBackward],
  ...[linear, linearGradientParts, linearGradientSum, addNoise, dropout, contrastPack, contrastRows, contrastColumns],
];

/** Runs on every thread: does its share of the operation whose number and arguments the coordinator wrote to the memory. */
export function runNodeOperation(thread: NodeThread): void {
  const { scalars } = thread.memory;
  const operation = nodeOperations[scalars[Scalar.operation]!]!;
  operation.run(thread, Object.fromEntries(operation.names.map((name, i) => [name, scalars[Scalar.arguments + i]!])));
}

/** A table in the engine's memory, with a view of it. */
interface WasmTable extends NodeTable, TablePlace {
  readonly data: Float32Array;
}

/** The byte address of a table. */
const at = (table: NodeTable): number => (table as WasmTable).at;
/** Bytes between rows of a table. */
const bytes = (table: NodeTable): number => table.stride * 4;

/** Up to this number of rows, the coordinator works alone: it would finish before the other threads wake up. */
const ROWS_ALONE = 128;

/** The coordinator's side of the node operations (formulas: node-operations.ts): it writes the arguments to the shared memory and starts the threads. */
export class WasmNodes implements NodeOperations {
  readonly users: number;
  readonly items: number;
  readonly base: WasmTable;
  readonly baseGradient: WasmTable;
  readonly final: WasmTable;
  readonly finalGradient: WasmTable;
  /** The parameters by name. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** Their moments, named as in `Engine.optimizerState`; empty under SGD. */
  readonly moments: Readonly<Record<string, Float32Array>>;
  private readonly memory: ThreadMemory;
  private readonly layout: NodeLayout;
  private readonly start: (alone: boolean) => void;
  private readonly tables = new Map<string, WasmTable>();
  private batch?: Batch;

  /** `start` makes all threads, or with `alone` only this one, run the operation whose number and arguments are in the memory. */
  constructor(memory: ThreadMemory, layout: NodeLayout, start: (alone: boolean) => void) {
    const { plan } = memory;
    this.memory = memory;
    this.layout = layout;
    this.start = start;
    this.users = plan.users;
    this.items = plan.items;
    this.base = this.tableAt(layout.base);
    this.baseGradient = this.tableAt(layout.baseGradient);
    this.final = this.tableAt(layout.final);
    this.finalGradient = this.tableAt(layout.finalGradient);
    const weights: Record<string, Float32Array> = {};
    const moments: Record<string, Float32Array> = {};
    for (const [name, { values, m, v }] of layout.weights) {
      weights[name] = this.tableAt(values).data;
      if (m === 0) continue;
      moments[`weightM.${name}`] = this.tableAt({ ...values, at: m }).data;
      moments[`weightV.${name}`] = this.tableAt({ ...values, at: v }).data;
    }
    this.weights = weights;
    this.moments = moments;
    this.writeGraph();
  }

  /** Clears the marks of the previous batch and its rows of the final gradients. */
  release(): void {
    const { marks, touched } = this.layout;
    const { buffer, control, ints } = this.memory;
    const count = control[Word.touched]!;
    const bytes = new Uint8Array(buffer, marks, this.layout.nodes);
    for (let slot = 0; slot < count; slot++) bytes[ints[(touched >>> 2) + slot]!] = 0;
    this.fillRows(this.finalGradient, 0, { list: touched, count });
    control[Word.touched] = 0;
  }

  /** Lists and marks the nodes of a batch whose slots are assigned: the users' slots first, then the items'. */
  touch(batch: Batch): void {
    this.batch = batch;
    const { marks, touched } = this.layout;
    const { buffer, control, ints, layout } = this.memory;
    const { userList, itemList } = layout.at;
    const users = control[Word.userSlots]!;
    const slots = control[Word.slots]!;
    const to = touched >>> 2;
    for (let slot = 0; slot < users; slot++) ints[to + slot] = ints[(userList >>> 2) + slot]!;
    for (let slot = 0; slot < slots; slot++) {
      ints[to + users + slot] = this.users + ints[(itemList >>> 2) + slot]!;
    }
    const bytes = new Uint8Array(buffer, marks, this.layout.nodes);
    for (let slot = 0; slot < users + slots; slot++) bytes[ints[to + slot]!] = 1;
    control[Word.touched] = users + slots;
  }

  /** Copies the gradients of the batch's rows to their nodes' rows of `finalGradient`. */
  scatterGradients(): void {
    const { control, layout, plan } = this.memory;
    const { rowGradients, userGradients } = layout.at;
    const users = control[Word.userSlots]!;
    this.run(scatterGradients, {
      userGradients: plan.training!.capacity.shared ? rowGradients : userGradients,
      users,
      count: users + control[Word.slots]!,
    });
  }

  /** The gradients of every row of the base embeddings: what the backbone wrote, plus l2 · θ in the rows that the batch touches. */
  baseGradients() {
    const { buffer, plan } = this.memory;
    const { nodes, marks } = this.layout;
    const { optimizer, capacity } = plan.training!;
    const touched = new Uint8Array(buffer, marks, nodes);
    const all = (rows: number, first: number) =>
      new Map(
        Array.from({ length: rows }, (_, r): [number, Float32Array] => {
          const theta = row(this.base, first + r);
          const l2 = touched[first + r] ? optimizer.l2 / capacity.rows : 0;
          return [r, row(this.baseGradient, first + r).map((g, c) => g + l2 * theta[c]!)];
        }),
      );
    return { users: all(this.users, 0), items: all(this.items, this.users) };
  }

  /** The final embeddings, as views. */
  finals(): { users: Matrix; items: Matrix } {
    const { data, columns, stride } = this.final;
    const items = data.subarray(this.users * stride);
    return {
      users: matrix(this.users, columns, data.subarray(0, this.users * stride), stride),
      items: matrix(this.items, columns, items, stride),
    };
  }

  table(name: string): WasmTable {
    return this.known('scratch table', name, this.layout.tables, (place) => place);
  }

  weight(name: string): WasmTable {
    return this.known('weight', name, this.layout.weights, ({ values }) => values);
  }

  weightGradient(name: string): WasmTable {
    return this.known('weight', name, this.layout.weights, ({ gradient }) => gradient, 'gradient');
  }

  fill(y: NodeTable, value: number, rows: NodeRows = 'all'): void {
    // all of the table's own rows: a parameter has other rows than the nodes
    this.fillRows(y, value, rows === 'all' ? { list: 0, count: y.rows } : this.rowsOf(rows));
  }

  combine(x: NodeTable, y: NodeTable, { keep = 0, scale = 1, rows = 'all' }: Combination = {}): void {
    // with the padding where there is no column to leave alone, which is faster
    const d = x.columns === y.columns ? x.stride : Math.min(x.columns, y.columns);
    const tables = { x: at(x), xStride: bytes(x), y: at(y), yStride: bytes(y), d };
    this.run(combine, { ...tables, keep, scale, ...this.rowsOf(rows) });
  }

  propagate(x: NodeTable, y: NodeTable, options: Propagation): void {
    const { scale = 1, plus, plusScale = 1, targets = 'all', sources = 'all' } = options;
    const { marks, finalGradient } = this.layout;
    const plusAt = plus ? at(plus) : 0;
    this.run(propagate, {
      ...{ x: at(x), xStride: bytes(x), y: at(y), yStride: bytes(y), d: x.stride },
      ...{ left: this.powers(options.left), right: this.powers(options.right), scale },
      ...{ plus: plusAt, plusStride: plus ? bytes(plus) : 0, plusScale },
      marks: sources === 'touched' ? marks : 0,
      // the final gradient is 0 in untouched rows: the kernel need not read them
      plusMarks: plusAt === finalGradient.at ? marks : 0,
      ...this.rowsOf(targets),
    });
  }

  multiply(x: NodeTable, y: NodeTable, z: NodeTable, { keep = 0, rows = 'all' }: Accumulation = {}): void {
    const sources = { x: at(x), xStride: bytes(x), y: at(y), yStride: bytes(y) };
    this.run(multiply, { ...sources, z: at(z), zStride: bytes(z), d: z.stride, keep, ...this.rowsOf(rows) });
  }

  leakyRelu(y: NodeTable, slope: number, rows: NodeRows = 'all'): void {
    this.leakyReluBackward(y, y, slope, rows);
  }

  leakyReluBackward(y: NodeTable, g: NodeTable, slope: number, rows: NodeRows = 'all'): void {
    const tables = { y: at(y), yStride: bytes(y), g: at(g), gStride: bytes(g), d: g.stride };
    this.run(leakyRelu, { ...tables, slope, ...this.rowsOf(rows) });
  }

  normalize(x: NodeTable, y: NodeTable, options: ColumnWindow & { readonly rows?: NodeRows } = {}): void {
    const { column = 0, rows = 'all' } = options;
    const tables = { x: at(x), xStride: bytes(x), y: at(y) + column * 4, yStride: bytes(y) };
    this.run(normalize, { ...tables, columns: x.columns, ...this.rowsOf(rows) });
  }

  normalizeBackward(x: NodeTable, dy: NodeTable, dx: NodeTable, options: ColumnWindow & Accumulation = {}): void {
    const { column = 0, keep = 0, rows = 'all' } = options;
    const gradients = { g: at(dy) + column * 4, gStride: bytes(dy), dx: at(dx), dxStride: bytes(dx) };
    const source = { x: at(x), xStride: bytes(x), columns: x.columns };
    this.run(normalizeBackward, { ...source, ...gradients, keep, ...this.rowsOf(rows) });
  }

  linear(x: NodeTable, weight: NodeTable, y: NodeTable, options: LinearMap = {}): void {
    const { transposed = false, bias, keep = 0, rows = 'all' } = options;
    this.run(linear, {
      ...{ x: at(x), xStride: bytes(x), inner: x.columns },
      ...{ w: at(weight), wRows: weight.rows, wStride: bytes(weight), transposed: transposed ? 1 : 0 },
      ...{ y: at(y), yStride: bytes(y), d: y.stride },
      ...{ bias: bias ? at(bias) : 0, keep, ...this.rowsOf(rows) },
    });
  }

  linearGradients(x: NodeTable, dy: NodeTable, dW: NodeTable, db?: NodeTable, rows: NodeRows = 'all'): void {
    const given = {
      ...{ x: at(x), xStride: bytes(x), inner: x.columns, dy: at(dy), dyStride: bytes(dy), d: dy.stride },
      ...{ dW: at(dW), db: db ? at(db) : 0, ...this.rowsOf(rows) },
    };
    this.run(linearGradientParts, given);
    this.run(linearGradientSum, given, dW.rows);
  }

  addNoise(y: NodeTable, amount: number, { key, rows = 'all' }: Randomness): void {
    const table = { y: at(y), yStride: bytes(y), columns: y.columns };
    this.run(addNoise, { ...table, key, amount, ...this.rowsOf(rows) });
  }

  dropout(y: NodeTable, probability: number, { key, rows = 'all' }: Randomness): void {
    const mask = { key, keepBelow: dropoutThreshold(probability), keepScale: 1 / (1 - probability) };
    this.run(dropout, { y: at(y), stride: bytes(y), d: y.stride, ...mask, ...this.rowsOf(rows) });
  }

  contrast(a: NodeTable, b: NodeTable, da: NodeTable, db: NodeTable, options: Contrast): number {
    const { doubles, ints, plan } = this.memory;
    const { list, values } = this.layout.contrast;
    const { temperature, weight } = options;
    const nodes = contrastedNodes(this.batch!, options.of, this.users, plan.backbone!.contrastNodes ?? 0);
    ints.set(nodes, list >>> 2);
    const tables = { a: at(a), b: at(b), da: at(da), db: at(db), stride: bytes(a) };
    const given = { ...tables, temperature, weight, count: nodes.length };
    for (const part of [contrastPack, contrastRows, contrastColumns]) this.run(part, given);
    let value = 0;
    for (let i = 0; i < nodes.length; i++) value += doubles[(values >>> 3) + i]!;
    return (weight / nodes.length) * value;
  }

  /** Writes the number and the arguments of the operation and starts the threads; with at most ROWS_ALONE rows, only this one. */
  private run<Name extends string>(
    operation: NodeOperation<Name | 'count'>,
    given: Readonly<Record<Name | 'count', number>>,
    rows: number = given.count,
  ): void {
    const { scalars } = this.memory;
    scalars[Scalar.operation] = nodeOperations.indexOf(operation);
    operation.names.forEach((name, i) => {
      scalars[Scalar.arguments + i] = given[name];
    });
    this.start(rows <= ROWS_ALONE);
  }

  private fillRows(y: NodeTable, value: number, rows: { readonly list: number; readonly count: number }): void {
    this.run(fill, { y: at(y), yStride: bytes(y), columns: y.columns, value, ...rows });
  }

  /** The rows of an operation as kernel arguments: the address of their list (0: all rows) and their number. */
  private rowsOf(rows: NodeRows): { list: number; count: number } {
    const { nodes, touched } = this.layout;
    return rows === 'touched'
      ? { list: touched, count: this.memory.control[Word.touched]! }
      : { list: 0, count: nodes };
  }

  /** The address of degree^−exponent [nodes]. @throws TaurecError `unknown-name` if the plan does not list the exponent */
  private powers(exponent: number): number {
    const { powers } = this.layout;
    const found = powers.get(exponent);
    if (found !== undefined) return found;
    throw new TaurecError('unknown-name', { kind: 'exponent', got: exponent, known: [...powers.keys()] });
  }

  private tableAt(place: TablePlace): WasmTable {
    const { at, rows, stride } = place;
    return { ...place, data: this.memory.floats.subarray(at >>> 2, (at >>> 2) + rows * stride) };
  }

  /** The table of a name, created at the first call. @throws TaurecError `unknown-name` */
  private known<P>(
    kind: string,
    name: string,
    places: ReadonlyMap<string, P>,
    placeOf: (place: P) => TablePlace,
    part = 'values',
  ): WasmTable {
    const key = `${kind} ${part} ${name}`;
    const kept = this.tables.get(key);
    if (kept) return kept;
    const place = places.get(name);
    if (!place) throw new TaurecError('unknown-name', { kind, got: name, known: [...places.keys()] });
    const table = this.tableAt(placeOf(place));
    this.tables.set(key, table);
    return table;
  }

  /** Writes the graph and the powers of its degrees to the memory. */
  private writeGraph(): void {
    const { nodes, offsets: offsetsAt, neighbours: neighboursAt, powers } = this.layout;
    const { floats, ints, plan } = this.memory;
    const { graph } = plan.backbone!;
    const offsets = ints.subarray(offsetsAt >>> 2, (offsetsAt >>> 2) + nodes + 1);
    const neighbours = ints.subarray(neighboursAt >>> 2, (neighboursAt >>> 2) + 2 * graph.indices.length);
    fillNodeGraph(graph, { offsets, neighbours });
    for (const [exponent, at] of powers) {
      fillDegreePowers(floats.subarray(at >>> 2, (at >>> 2) + nodes), offsets, exponent);
    }
  }
}
