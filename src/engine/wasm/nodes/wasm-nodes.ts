import { type Matrix, matrix } from '../../../array/matrix.ts';
import { TaurecError } from '../../../errors.ts';
import type { Batch } from '../../../sampler/sampler.ts';
import { contrastedNodes } from '../../contrasted-nodes.ts';
import { fillDegreePowers, fillNodeGraph } from '../../node-graph.ts';
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
import { Scalar, type ThreadMemory, Word } from '../memory.ts';
import { combine, combineArguments } from './combine.ts';
import { contrastArguments, contrastColumns, contrastPack, contrastRows } from './contrast.ts';
import { fill, fillArguments } from './fill.ts';
import { leakyRelu, leakyReluArguments } from './leaky-relu.ts';
import { linear, linearArguments } from './linear.ts';
import { linearGradientArguments, linearGradientParts, linearGradientSum } from './linear-gradients.ts';
import { multiply, multiplyArguments } from './multiply.ts';
import type { NodeLayout, TablePlace } from './node-layout.ts';
import type { NodeOperation } from './node-operation.ts';
import { nodeOperations } from './node-operations.ts';
import { normalize, normalizeArguments, normalizeBackward, normalizeBackwardArguments } from './normalize.ts';
import { propagate, propagateArguments } from './propagate.ts';
import { addNoise, dropout, dropoutArguments, noiseArguments } from './random.ts';
import { rowSet } from './row-set.ts';
import { scatterArguments, scatterGradients } from './scatter-gradients.ts';

/** A table in the engine's memory. */
interface WasmTable extends NodeTable, TablePlace {
  readonly data: Float32Array;
}

/** Rows that one thread does sooner than others wake up. */
const ROWS_ALONE = 128;

/** The coordinator's side of the node operations: it leaves the arguments in the shared memory and starts the threads. */
export class WasmNodes implements NodeOperations {
  readonly users: number;
  readonly items: number;
  readonly base: WasmTable;
  readonly baseGradient: WasmTable;
  readonly final: WasmTable;
  readonly finalGradient: WasmTable;
  /** Parameters and their moments, by the names that an engine gives them. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly moments: Readonly<Record<string, Float32Array>>;
  private readonly memory: ThreadMemory;
  private readonly layout: NodeLayout;
  private readonly start: (alone: boolean) => void;
  private readonly tables = new Map<string, WasmTable>();
  private batch?: Batch;

  /** `start` makes all threads, or this one alone, run the operation whose number and arguments lie in the memory. */
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

  /** Forgets the batch before: its marks, and its rows of the final gradients. */
  release(): void {
    const { marks, touched } = this.layout;
    const { buffer, control, ints } = this.memory;
    const count = control[Word.touched]!;
    const bytes = new Uint8Array(buffer, marks, this.layout.nodes);
    for (let slot = 0; slot < count; slot++) bytes[ints[(touched >>> 2) + slot]!] = 0;
    this.run(fill, fillArguments(this.finalGradient, 0, touched, count));
    control[Word.touched] = 0;
  }

  /** Takes the nodes of the batch just listed: its users' slots, then its items'. */
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

  /** Brings the gradients of the batch's rows into `finalGradient`. */
  scatterGradients(): void {
    this.run(scatterGradients, scatterArguments(this.memory));
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
    // a weight's rows are not nodes
    const [list, count] = rows === 'all' ? [0, y.rows] : rowSet(this.memory, rows);
    this.run(fill, fillArguments(y as WasmTable, value, list, count));
  }

  combine(x: NodeTable, y: NodeTable, options: Combination = {}): void {
    this.run(combine, combineArguments(this.memory, x as WasmTable, y as WasmTable, options));
  }

  propagate(x: NodeTable, y: NodeTable, options: Propagation): void {
    const plus = options.plus as WasmTable | undefined;
    this.run(propagate, propagateArguments(this.memory, x as WasmTable, y as WasmTable, { ...options, plus }));
  }

  multiply(x: NodeTable, y: NodeTable, z: NodeTable, options: Accumulation = {}): void {
    this.run(multiply, multiplyArguments(this.memory, x as WasmTable, y as WasmTable, z as WasmTable, options));
  }

  leakyRelu(y: NodeTable, slope: number, rows: NodeRows = 'all'): void {
    this.leakyReluBackward(y, y, slope, rows);
  }

  leakyReluBackward(y: NodeTable, g: NodeTable, slope: number, rows: NodeRows = 'all'): void {
    this.run(leakyRelu, leakyReluArguments(this.memory, y as WasmTable, g as WasmTable, slope, rows));
  }

  normalize(x: NodeTable, y: NodeTable, options: ColumnWindow & { readonly rows?: NodeRows } = {}): void {
    this.run(normalize, normalizeArguments(this.memory, x as WasmTable, y as WasmTable, options));
  }

  normalizeBackward(x: NodeTable, dy: NodeTable, dx: NodeTable, options: ColumnWindow & Accumulation = {}): void {
    const args = normalizeBackwardArguments(this.memory, x as WasmTable, dy as WasmTable, dx as WasmTable, options);
    this.run(normalizeBackward, args);
  }

  linear(x: NodeTable, weight: NodeTable, y: NodeTable, options: LinearMap = {}): void {
    const bias = options.bias as WasmTable | undefined;
    const [from, by, to] = [x, weight, y] as [WasmTable, WasmTable, WasmTable];
    this.run(linear, linearArguments(this.memory, from, by, to, { ...options, bias }));
  }

  linearGradients(x: NodeTable, dy: NodeTable, dW: NodeTable, db?: NodeTable, rows: NodeRows = 'all'): void {
    const tables = [x, dy, dW, db] as [WasmTable, WasmTable, WasmTable, WasmTable | undefined];
    const args = linearGradientArguments(this.memory, ...tables, rows);
    this.run(linearGradientParts, args);
    this.run(linearGradientSum, args, dW.rows);
  }

  addNoise(y: NodeTable, amount: number, options: Randomness): void {
    this.run(addNoise, noiseArguments(this.memory, y as WasmTable, amount, options));
  }

  dropout(y: NodeTable, probability: number, options: Randomness): void {
    this.run(dropout, dropoutArguments(this.memory, y as WasmTable, probability, options));
  }

  contrast(a: NodeTable, b: NodeTable, da: NodeTable, db: NodeTable, options: Contrast): number {
    const { doubles, ints, plan } = this.memory;
    const { list, values } = this.layout.contrast;
    const nodes = contrastedNodes(this.batch!, options.of, this.users, plan.backbone!.contrastNodes ?? 0);
    ints.set(nodes, list >>> 2);
    const tables = [a, b, da, db] as [WasmTable, WasmTable, WasmTable, WasmTable];
    const args = contrastArguments(...tables, options, nodes.length);
    for (const part of [contrastPack, contrastRows, contrastColumns]) this.run(part, args);
    let value = 0;
    for (let i = 0; i < nodes.length; i++) value += doubles[(values >>> 3) + i]!;
    return (options.weight / nodes.length) * value;
  }

  /** `rows`, the last of the arguments unless told: so few that another thread would come too late are done alone. */
  private run(operation: NodeOperation, args: readonly number[], rows: number = args.at(-1)!): void {
    const { scalars } = this.memory;
    scalars[Scalar.operation] = nodeOperations.indexOf(operation);
    scalars.set(args, Scalar.arguments);
    this.start(rows <= ROWS_ALONE);
  }

  private tableAt(place: TablePlace): WasmTable {
    const { at, rows, stride } = place;
    return { ...place, data: this.memory.floats.subarray(at >>> 2, (at >>> 2) + rows * stride) };
  }

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
