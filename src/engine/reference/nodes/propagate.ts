import type { Propagation } from '../../node-operations.ts';
import type { ReferenceGraph } from './reference-graph.ts';
import type { ReferenceTable } from './reference-table.ts';

/** y ← scale · D^−left A D^−right x + plusScale · plus. */
export function propagate(graph: ReferenceGraph, x: ReferenceTable, y: ReferenceTable, options: Propagation): void {
  const { left, right, scale = 1, plusScale = 1, targets = 'all', sources = 'all' } = options;
  const plus = options.plus as ReferenceTable | undefined;
  const { offsets, neighbours, touched } = graph;
  const [leftPowers, rightPowers] = [graph.degreePowers(left), graph.degreePowers(right)];
  for (const target of graph.rowsOf(targets)) {
    const sum = new Float64Array(x.columns);
    for (const source of neighbours.subarray(offsets[target]!, offsets[target + 1]!)) {
      if (sources === 'touched' && !touched.has(source)) continue;
      const values = x.row(source);
      for (let c = 0; c < sum.length; c++) sum[c]! += rightPowers[source]! * values[c]!;
    }
    const values = y.row(target);
    const added = plus?.row(target);
    for (let c = 0; c < sum.length; c++) {
      values[c] = scale * leftPowers[target]! * sum[c]! + (added ? plusScale * added[c]! : 0);
    }
  }
}
