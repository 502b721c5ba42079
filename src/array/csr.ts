import { sharedFloat32, sharedInt32 } from './shared.ts';

/**
 * A sparse matrix by rows (compressed sparse row). Interactions are stored as users × items.
 *
 * The column indices of row r are `indices[offsets[r] .. offsets[r + 1])`, ascending and distinct. The arrays lie in shared memory where the platform has it.
 */
export interface Csr {
  readonly rows: number;
  readonly columns: number;
  /** [rows + 1], from 0 to the number of entries. */
  readonly offsets: Int32Array;
  /** [entries] the column of each. */
  readonly indices: Int32Array;
  /** [entries] `values[e]` belongs to `indices[e]`; absent means all 1. */
  readonly values?: Float32Array;
}

/** The column indices of row `r`, as a view of `indices`. */
export function csrRow(m: Csr, r: number): Int32Array {
  return m.indices.subarray(m.offsets[r]!, m.offsets[r + 1]!);
}

/** The number of entries of row `r`. */
export function csrDegree(m: Csr, r: number): number {
  return m.offsets[r + 1]! - m.offsets[r]!;
}

/** [entries] the row of each entry, in the order of `indices`. */
export function csrEntryRows(m: Csr): Int32Array {
  const rows = new Int32Array(m.indices.length);
  for (let r = 0; r < m.rows; r++) rows.fill(r, m.offsets[r]!, m.offsets[r + 1]!);
  return rows;
}

/** True when row `r` holds column `c`; a binary search. */
export function csrHas(m: Csr, r: number, c: number): boolean {
  return csrEntry(m, r, c) >= 0;
}

/** The place of the entry (r, c) in `indices` and `values`; −1 where there is none. A binary search. */
export function csrEntry(m: Csr, r: number, c: number): number {
  let low = m.offsets[r]!;
  let high = m.offsets[r + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (m.indices[middle]! < c) low = middle + 1;
    else high = middle;
  }
  return low < m.offsets[r + 1]! && m.indices[low] === c ? low : -1;
}

/** The matrix without its values; the other arrays are shared. */
export function pattern({ rows, columns, offsets, indices }: Csr): Csr {
  return { rows, columns, offsets, indices };
}

/** The matrix at a larger size; the added rows and columns are empty. Indices and values are shared. */
export function resized(m: Csr, rows: number, columns: number): Csr {
  const offsets = sharedInt32(rows + 1).fill(m.offsets[m.rows]!);
  offsets.set(m.offsets);
  return { ...m, rows, columns, offsets };
}

/** The transpose: rows become columns. The entries of each row come out ascending. A counting sort, linear in entries, rows and columns. */
export function csrTranspose(m: Csr): Csr {
  const offsets = sharedInt32(m.columns + 1);
  // Count the entries per column, then sum up to offsets.
  for (const c of m.indices) offsets[c + 1]!++;
  for (let c = 0; c < m.columns; c++) offsets[c + 1]! += offsets[c]!;
  // The next free place of each row of the transpose. Rows of `m` are read in order, so places fill in ascending order.
  const next = offsets.slice(0, m.columns);
  const indices = sharedInt32(m.indices.length);
  const values = m.values && sharedFloat32(m.indices.length);
  for (let r = 0; r < m.rows; r++) {
    for (let e = m.offsets[r]!; e < m.offsets[r + 1]!; e++) {
      const at = next[m.indices[e]!]!++;
      indices[at] = r;
      if (values) values[at] = m.values![e]!;
    }
  }
  return { rows: m.columns, columns: m.rows, offsets, indices, values };
}

/**
 * Builds a matrix from entry lists in any order. Entries of the same cell are merged, and `merge` combines their values (default: the largest).
 * Two counting sorts: the cost is linear in entries, rows and columns.
 * @param rowOf [entries] row of each entry
 * @param columnOf [entries] column of each entry
 * @param values [entries] absent means all 1
 */
export function csrFromEntries(
  rows: number,
  columns: number,
  rowOf: ArrayLike<number>,
  columnOf: ArrayLike<number>,
  values?: ArrayLike<number>,
  merge: (a: number, b: number) => number = Math.max,
): Csr {
  // Grouped by column, then transposed: both sorts are stable, so rows come out with ascending columns, and repeats next to each other.
  const unsorted = bucket(columns, rows, columnOf, rowOf, values);
  const sorted = csrTranspose(unsorted);
  // Merge repeats in place: `read` runs ahead of `at`, the next place to write.
  let at = 0;
  let read = 0;
  for (let r = 0; r < rows; r++) {
    const end = sorted.offsets[r + 1]!;
    const start = at;
    for (; read < end; read++) {
      const c = sorted.indices[read]!;
      if (at > start && sorted.indices[at - 1] === c) {
        if (sorted.values) sorted.values[at - 1] = merge(sorted.values[at - 1]!, sorted.values[read]!);
        continue;
      }
      sorted.indices[at] = c;
      if (sorted.values) sorted.values[at] = sorted.values[read]!;
      at++;
    }
    sorted.offsets[r + 1] = at;
  }
  // Without repeats nothing moved; otherwise the arrays are cut to the entries that remain.
  if (at === sorted.indices.length) return sorted;
  const indices = sharedInt32(at);
  indices.set(sorted.indices.subarray(0, at));
  const kept = sorted.values && sharedFloat32(at);
  if (kept) kept.set(sorted.values!.subarray(0, at));
  return { rows, columns, offsets: sorted.offsets, indices, values: kept };
}

/** Groups entries by `groupOf`, in input order within a group. */
function bucket(
  groups: number,
  columns: number,
  groupOf: ArrayLike<number>,
  memberOf: ArrayLike<number>,
  values?: ArrayLike<number>,
): Csr {
  const offsets = sharedInt32(groups + 1);
  for (let e = 0; e < groupOf.length; e++) offsets[groupOf[e]! + 1]!++;
  for (let g = 0; g < groups; g++) offsets[g + 1]! += offsets[g]!;
  const next = offsets.slice(0, groups);
  const indices = sharedInt32(groupOf.length);
  const kept = values && sharedFloat32(groupOf.length);
  for (let e = 0; e < groupOf.length; e++) {
    const at = next[groupOf[e]!]!++;
    indices[at] = memberOf[e]!;
    if (kept) kept[at] = values[e]!;
  }
  return { rows: groups, columns, offsets, indices, values: kept };
}
