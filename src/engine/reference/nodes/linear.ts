import type { LinearMap, NodeRows } from '../../node-operations.ts';
import { kept } from './multiply.ts';
import type { ReferenceGraph } from './reference-graph.ts';
import type { ReferenceTable } from './reference-table.ts';

/** y ← keep · y + x W + bias. */
export function linear(
  graph: ReferenceGraph,
  x: ReferenceTable,
  weight: ReferenceTable,
  y: ReferenceTable,
  options: LinearMap,
): void {
  const { transposed = false, keep = 0, rows = 'all' } = options;
  const bias = options.bias?.data;
  // entry (k, c) of W or Wᵀ lies at k · down + c · across
  const [down, across] = transposed ? [1, weight.columns] : [weight.columns, 1];
  for (const node of graph.rowsOf(rows)) {
    const [source, target] = [x.row(node), y.row(node)];
    for (let c = 0; c < target.length; c++) {
      let sum = kept(keep, target[c]!) + (bias?.[c] ?? 0);
      for (let k = 0; k < source.length; k++) sum += source[k]! * weight.data[k * down + c * across]!;
      target[c] = sum;
    }
  }
}

/** dW ← Σ_r x_rᵀ dy_r and db ← Σ_r dy_r. */
export function linearGradients(
  graph: ReferenceGraph,
  x: ReferenceTable,
  dy: ReferenceTable,
  dW: ReferenceTable,
  db: ReferenceTable | undefined,
  rows: NodeRows,
): void {
  dW.data.fill(0);
  db?.data.fill(0);
  for (const node of graph.rowsOf(rows)) {
    const [source, gradient] = [x.row(node), dy.row(node)];
    for (let k = 0; k < source.length; k++) {
      const target = dW.row(k);
      for (let c = 0; c < gradient.length; c++) target[c]! += source[k]! * gradient[c]!;
    }
    if (db) for (let c = 0; c < gradient.length; c++) db.data[c]! += gradient[c]!;
  }
}
