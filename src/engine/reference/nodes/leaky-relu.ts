import type { NodeRows } from '../../node-operations.ts';
import type { ReferenceGraph } from './reference-graph.ts';
import type { ReferenceTable } from './reference-table.ts';

/** y ← y where y > 0, slope · y elsewhere. */
export function leakyRelu(graph: ReferenceGraph, y: ReferenceTable, slope: number, rows: NodeRows): void {
  leakyReluBackward(graph, y, y, slope, rows);
}

/** g ← g where y > 0, slope · g elsewhere. */
export function leakyReluBackward(
  graph: ReferenceGraph,
  y: ReferenceTable,
  g: ReferenceTable,
  slope: number,
  rows: NodeRows,
): void {
  for (const node of graph.rowsOf(rows)) {
    const [values, gradient] = [y.row(node), g.row(node)];
    for (let c = 0; c < gradient.length; c++) if (!(values[c]! > 0)) gradient[c]! *= slope;
  }
}
