import type { Combination } from '../../node-operations.ts';
import type { ReferenceGraph } from './reference-graph.ts';
import type { ReferenceTable } from './reference-table.ts';

/** y ← keep · y + scale · x. */
export function combine(graph: ReferenceGraph, x: ReferenceTable, y: ReferenceTable, options: Combination): void {
  const { scale = 1, keep = 0, rows = 'all' } = options;
  for (const node of graph.rowsOf(rows)) {
    const [source, target] = [x.row(node), y.row(node)];
    for (let c = 0; c < target.length; c++) target[c] = (keep === 0 ? 0 : keep * target[c]!) + scale * source[c]!;
  }
}
