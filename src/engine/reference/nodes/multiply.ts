import type { Accumulation } from '../../node-operations.ts';
import type { ReferenceGraph } from './reference-graph.ts';
import type { ReferenceTable } from './reference-table.ts';

/** z ← keep · z + x ⊙ y. */
export function multiply(
  graph: ReferenceGraph,
  x: ReferenceTable,
  y: ReferenceTable,
  z: ReferenceTable,
  { keep = 0, rows = 'all' }: Accumulation,
): void {
  for (const node of graph.rowsOf(rows)) {
    const [a, b, target] = [x.row(node), y.row(node), z.row(node)];
    for (let c = 0; c < target.length; c++) target[c] = kept(keep, target[c]!) + a[c]! * b[c]!;
  }
}

/** keep · old, and 0 whatever the old value is when nothing of it is kept. */
export function kept(keep: number, old: number): number {
  return keep === 0 ? 0 : keep * old;
}
