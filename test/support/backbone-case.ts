import { type Csr, csrRow } from '../../src/array/csr.ts';
import { randomStream } from '../../src/array/random.ts';
import type { Backbone, BackboneContext } from '../../src/backbone/backbone.ts';
import type { Engine, EnginePlan } from '../../src/engine/engine.ts';
import type { NodeTable } from '../../src/engine/node-operations.ts';
import type { Batch } from '../../src/sampler/sampler.ts';
import { fillEmbeddings, type SmallPlan, type SmallPlanOptions, smallPlan } from './small-plan.ts';

export interface BackbonePlanCase extends SmallPlan {
  readonly backbone: Backbone;
}

/** A tiny plan with a backbone over its training matrix. */
export function backbonePlan(backbone: Backbone, options: SmallPlanOptions = {}): BackbonePlanCase {
  const small = smallPlan(options);
  const plan: EnginePlan = { ...small.plan, backbone: backbone.plan(small.plan.dimension, small.train) };
  return { ...small, plan, backbone };
}

/** A step of training from `begin` to the gradients of the base embeddings; returns the batch's value. */
export function stepBackward(engine: Engine, backbone: Backbone, batch: Batch, step: number, epoch = 0): number {
  const context: BackboneContext = { training: true, rows: 'touched', seed: 1, epoch, step };
  engine.begin(batch, step);
  backbone.forward(engine.nodes!, context);
  engine.gather();
  let value = engine.scoreRows();
  engine.itemGradients();
  value += backbone.auxiliaryLoss?.(engine.nodes!, context) ?? 0;
  backbone.backward(engine.nodes!, context);
  return value;
}

/** The final embeddings of all rows, as ranking has them. */
export function rankingForward(engine: Engine, backbone: Backbone): void {
  backbone.forward(engine.nodes!, { training: false, rows: 'all', seed: 1, epoch: 0, step: 0 });
}

/** Embeddings and parameters, the same in every engine. */
export function fillAll(engine: Engine, backbone: Backbone): void {
  fillEmbeddings(engine);
  if (engine.nodes) backbone.initialise?.(engine.nodes, randomStream(1, 'small weights'));
}

/** Fills a table with normal deviates, the same in every engine. */
export function fillTable({ rows, columns, stride, data }: NodeTable, seed: number): void {
  const random = randomStream(seed, 'node table');
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[r * stride + c] = random.normal();
}

/** The values of a table without its padding. */
export function valuesOf({ rows, columns, stride, data }: NodeTable): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, at) => data[Math.floor(at / columns) * stride + (at % columns)]!,
  );
}

export function innerProduct(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);
}

/** D^−left A D^−right of the training graph as a dense matrix, entry by entry from the definition. */
export function denseAdjacency(train: Csr, left: number, right: number): Float64Array[] {
  const nodes = train.rows + train.columns;
  const adjacent = Array.from({ length: nodes }, () => new Float64Array(nodes));
  for (let u = 0; u < train.rows; u++) {
    for (const i of csrRow(train, u)) adjacent[u]![train.rows + i] = adjacent[train.rows + i]![u] = 1;
  }
  const degrees = adjacent.map((row) => row.reduce((sum, x) => sum + x, 0));
  return adjacent.map((row, i) => row.map((x, j) => (x === 0 ? 0 : degrees[i]! ** -left * degrees[j]! ** -right)));
}

/** A · x with x [rows × columns] in row-major order. */
export function denseProduct(a: readonly Float64Array[], x: Float64Array): Float64Array {
  const columns = x.length / a.length;
  const y = new Float64Array(x.length);
  a.forEach((row, i) => {
    row.forEach((weight, j) => {
      for (let c = 0; c < columns; c++) y[i * columns + c]! += weight * x[j * columns + c]!;
    });
  });
  return y;
}
