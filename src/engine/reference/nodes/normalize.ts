import type { Accumulation, ColumnWindow, NodeRows } from '../../node-operations.ts';
import { inverseNorm } from '../prepared-row.ts';
import { kept } from './multiply.ts';
import type { ReferenceGraph } from './reference-graph.ts';
import type { ReferenceTable } from './reference-table.ts';

/** Columns `column` … of y ← x / max(‖x‖, 1e-12). */
export function normalize(
  graph: ReferenceGraph,
  x: ReferenceTable,
  y: ReferenceTable,
  { column = 0, rows = 'all' }: ColumnWindow & { readonly rows?: NodeRows },
): void {
  for (const node of graph.rowsOf(rows)) {
    const [source, target] = [x.row(node), y.row(node)];
    const inverse = inverseNorm(source);
    for (let c = 0; c < source.length; c++) target[column + c] = source[c]! * inverse;
  }
}

/** dx ← keep · dx + (g − ⟨g, x̂⟩ x̂) / max(‖x‖, 1e-12), g the columns `column` … of dy. */
export function normalizeBackward(
  graph: ReferenceGraph,
  x: ReferenceTable,
  dy: ReferenceTable,
  dx: ReferenceTable,
  { column = 0, keep = 0, rows = 'all' }: ColumnWindow & Accumulation,
): void {
  for (const node of graph.rowsOf(rows)) {
    const source = x.row(node);
    const target = dx.row(node);
    const gradient = throughNorm(source, dy.row(node).subarray(column, column + source.length));
    for (let c = 0; c < source.length; c++) target[c] = kept(keep, target[c]!) + gradient[c]!;
  }
}

/** The gradient with respect to x, given the gradient g with respect to x̂ = x / max(‖x‖, 1e-12). */
export function throughNorm(x: Float32Array | Float64Array, g: Float32Array | Float64Array): Float64Array {
  const inverse = inverseNorm(x);
  let along = 0;
  for (let c = 0; c < x.length; c++) along += g[c]! * x[c]! * inverse;
  return Float64Array.from(x, (value, c) => (g[c]! - along * value * inverse) * inverse);
}
