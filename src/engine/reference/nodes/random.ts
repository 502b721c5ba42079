import { dropoutKeeps, dropoutThreshold } from '../../../array/dropout-mask.ts';
import { uniform } from '../../../array/uniform.ts';
import type { Randomness } from '../../node-operations.ts';
import { inverseNorm } from '../prepared-row.ts';
import type { ReferenceGraph } from './reference-graph.ts';
import type { ReferenceTable } from './reference-table.ts';

/** y ← y + amount · sign(y) ⊙ n/‖n‖. */
export function addNoise(
  graph: ReferenceGraph,
  y: ReferenceTable,
  amount: number,
  { key, rows = 'all' }: Randomness,
): void {
  for (const node of graph.rowsOf(rows)) {
    const target = y.row(node);
    const noise = Float64Array.from(target, (_, c) => uniform(key, node, c));
    const scale = amount * inverseNorm(noise);
    for (let c = 0; c < target.length; c++) target[c]! += Math.sign(target[c]!) * noise[c]! * scale;
  }
}

/** y ← mask ⊙ y / (1 − p). */
export function dropout(
  graph: ReferenceGraph,
  y: ReferenceTable,
  probability: number,
  { key, rows = 'all' }: Randomness,
): void {
  const below = dropoutThreshold(probability);
  for (const node of graph.rowsOf(rows)) {
    const target = y.row(node);
    for (let c = 0; c < target.length; c++) {
      target[c] = dropoutKeeps(key, node, c, below) ? target[c]! / (1 - probability) : 0;
    }
  }
}
