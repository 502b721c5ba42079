import { type Matrix, row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Engine } from '../engine/engine.ts';

/** Fills the engine's tables with N(0, deviation²), users and items from streams of their own; padding stays 0. */
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
