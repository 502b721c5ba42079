import { dropoutThreshold } from '../../../array/dropout-mask.ts';
import type { Randomness } from '../../node-operations.ts';
import type { ThreadMemory } from '../memory.ts';
import type { TablePlace } from './node-layout.ts';
import { type NodeOperation, takeRows } from './node-operation.ts';
import { rowSet } from './row-set.ts';

/** y ← y + amount · sign(y) ⊙ n/‖n‖. */
export const addNoise: NodeOperation = {
  run({ kernels }, crew, _thread, args) {
    const [y, stride, columns, key, amount, list, count] = args as unknown as number[];
    takeRows(crew, count!, (from, to) => {
      kernels.noiseRows(y!, stride!, columns!, key!, amount!, list!, from, to);
    });
  },
};

export function noiseArguments(
  memory: ThreadMemory,
  y: TablePlace,
  amount: number,
  { key, rows = 'all' }: Randomness,
): number[] {
  return [y.at, y.stride * 4, y.columns, key, amount, ...rowSet(memory, rows)];
}

/** y ← mask ⊙ y / (1 − p). */
export const dropout: NodeOperation = {
  run({ kernels }, crew, _thread, args) {
    const [y, stride, d, key, below, scale, list, count] = args as unknown as number[];
    takeRows(crew, count!, (from, to) => {
      kernels.dropRows(y!, stride!, d!, key!, below!, scale!, list!, from, to);
    });
  },
};

export function dropoutArguments(
  memory: ThreadMemory,
  y: TablePlace,
  probability: number,
  { key, rows = 'all' }: Randomness,
): number[] {
  const below = dropoutThreshold(probability);
  return [y.at, y.stride * 4, y.stride, key, below, 1 / (1 - probability), ...rowSet(memory, rows)];
}
