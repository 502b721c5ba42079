import { type Csr, csrEntryRows, csrFromEntries } from '../array/csr.ts';

/** The union of two interaction matrices, with the larger number of rows and of columns. A cell in both keeps the larger value; absent values count as 1. */
export function mergeInteractions(a: Csr, b: Csr): Csr {
  const size = a.indices.length + b.indices.length;
  const rowOf = new Int32Array(size);
  const columnOf = new Int32Array(size);
  const values = a.values || b.values ? new Float32Array(size).fill(1) : undefined;
  let at = 0;
  for (const m of [a, b]) {
    columnOf.set(m.indices, at);
    if (m.values) values!.set(m.values, at);
    rowOf.set(csrEntryRows(m), at);
    at += m.indices.length;
  }
  return csrFromEntries(Math.max(a.rows, b.rows), Math.max(a.columns, b.columns), rowOf, columnOf, values);
}
