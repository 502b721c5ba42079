import { type Matrix, row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import { sharedFloat32 } from '../array/shared.ts';
import type { Backbone } from '../backbone/backbone.ts';
import type { Engine, EnginePlan } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import type { TrainedArrays } from '../model/training-state.ts';

/** All arrays that a run needs to continue, by name: base embeddings, backbone parameters, moments, loss states. The engine's own. */
export function engineArrays({
  users,
  items,
  weights,
  optimizerState,
  lossState,
}: Engine): [name: string, data: Float32Array][] {
  const prefixed = (prefix: string, arrays: Readonly<Record<string, Float32Array>>) =>
    Object.entries(arrays).map(([name, data]): [string, Float32Array] => [`${prefix}.${name}`, data]);
  return [
    ['users', users.data],
    ['items', items.data],
    ...prefixed('weights', weights),
    ...prefixed('optimizer', optimizerState),
    ...prefixed('loss', lossState),
  ];
}

/** Copies of a settled engine's arrays without padding, written into the arrays of `into` where given. Base embeddings that are also the final ones are left out. */
export function copyArrays(engine: Engine, plan: EnginePlan, into?: TrainedArrays): TrainedArrays {
  const copies: Record<string, TrainedArrays[string]> = {};
  for (const [name, data] of engineArrays(engine)) {
    if (!engine.nodes && (name === 'users' || name === 'items')) continue;
    const shape = shapeOf(name, data.length, plan);
    const [rows, columns] = [shape[0]!, shape[1] ?? 1];
    const copy = into?.[name]?.data ?? sharedFloat32(rows * columns);
    const from = { rows, columns, stride: data.length / rows, data };
    for (let r = 0; r < rows; r++) copy.set(row(from, r), r * columns);
    copies[name] = { shape, data: copy };
  }
  return copies;
}

/** Writes arrays into an engine; missing ones stay as the engine opened them. Throws `bad-model` for an array of another shape, or one that the engine does not know. */
export function restoreArrays(engine: Engine, plan: EnginePlan, arrays: TrainedArrays): void {
  const places = new Map(engineArrays(engine));
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    const place = places.get(name);
    const expected = place && shapeOf(name, place.length, plan);
    if (!place || `${shape}` !== `${expected}`) {
      const problem = `its training state has ${name} [${shape}], expected ${expected ? `[${expected}]` : 'no such array'}`;
      throw new TaurecError('bad-model', { path: 'model', problem });
    }
    const [rows, columns] = [shape[0]!, shape[1] ?? 1];
    const to = { rows, columns, stride: place.length / rows, data: place };
    for (let r = 0; r < rows; r++) row(to, r).set(data.subarray(r * columns, (r + 1) * columns));
  }
  engine.itemsChanged();
}

/** The shape of an engine's array without its padding. */
function shapeOf(name: string, length: number, { users, items, dimension, backbone }: EnginePlan): number[] {
  if (name === 'loss.users') return [users, length / users];
  if (name.startsWith('loss.')) return [length];
  const weight = /^(?:weights|optimizer\.weight[MV])\.(.*)$/.exec(name)?.[1];
  if (weight !== undefined) return [...backbone!.weights[weight]!];
  return [/^(optimizer\.)?users/.test(name) ? users : items, dimension];
}

/** Fills the engine's tables with N(0, deviation²), users and items from separate random streams; padding stays 0. */
export function initialEmbeddings(engine: Engine, seed: number, deviation: number): void {
  for (const [table, purpose] of [
    [engine.users, 'init-users'],
    [engine.items, 'init-items'],
  ] as const) {
    const random = randomStream(seed, purpose);
    for (let r = 0; r < table.rows; r++) {
      const values = row(table, r);
      for (let c = 0; c < values.length; c++) values[c] = deviation * random.normal();
    }
  }
  engine.itemsChanged();
}

/** The values of a table without its padding, copied into `into` or a new array. */
export function unpadded(
  table: Matrix,
  into: Float32Array = new Float32Array(table.rows * table.columns),
): Float32Array {
  for (let r = 0; r < table.rows; r++) into.set(row(table, r), r * table.columns);
  return into;
}

/** Computes the final embeddings of all rows for ranking, without noise and dropout. Does nothing without a backbone. */
export function finishFinals(engine: Engine, backbone: Backbone, seed: number): void {
  if (!engine.nodes) return;
  backbone.forward(engine.nodes, { training: false, rows: 'all', seed, epoch: 0, step: 0 });
  engine.itemsChanged();
}
