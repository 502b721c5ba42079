import { HALF_OVERFLOW, halfValues, LARGEST_HALF, narrow, widen } from './half.ts';
import { type Matrix, matrix } from './matrix.ts';
import { sharedBytes, sharedFloat32 } from './shared.ts';

/** A dense matrix of 16-bit floats, as bits. It is read through `rowFrom` and `floatRows`, which widen. */
export interface HalfMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Elements of a row with its padding, ≥ `columns`; the padding holds 0. */
  readonly stride: number;
  /** Rows that lie element by element next to each other: element (r, c) is `data[(r − r mod panel) · stride + c · panel + r mod panel]`. 1: row after row. */
  readonly panel: 1 | 8;
  readonly data: Uint16Array;
}

/** A matrix of 32-bit or of 16-bit floats, to read. */
export type AnyMatrix = Matrix | HalfMatrix;

/** True for a matrix of 16-bit floats. */
export const isHalf = (m: AnyMatrix): m is HalfMatrix => 'panel' in m;

/** A matrix of zeros, row after row, in shared memory. */
export function halfMatrix(
  rows: number,
  columns: number,
  data = new Uint16Array(sharedBytes(rows * columns * 2)),
): HalfMatrix {
  return { rows, columns, stride: columns, panel: 1, data };
}

/** The values of row `r`, without padding: a view of a matrix of 32-bit floats, a copy of one of 16-bit floats. Do not write to it. */
export function rowFrom(m: AnyMatrix, r: number): Float32Array {
  if (!isHalf(m)) return m.data.subarray(r * m.stride, r * m.stride + m.columns);
  const values = new Float32Array(m.columns);
  widenRow(m, r, values, 0);
  return values;
}

/** Rows `first` … `end` − 1 as 32-bit floats; row r begins at `data[offset + (r − first) · stride]`: a view, or a widened copy. */
export function floatRows(
  m: AnyMatrix,
  first: number,
  end: number,
): { readonly data: Float32Array; readonly offset: number; readonly stride: number } {
  if (!isHalf(m)) return { data: m.data, offset: first * m.stride, stride: m.stride };
  const { columns } = m;
  const data = new Float32Array((end - first) * columns);
  for (let r = first; r < end; r++) widenRow(m, r, data, (r - first) * columns);
  return { data, offset: 0, stride: columns };
}

function widenRow({ columns, stride, panel, data }: HalfMatrix, r: number, to: Float32Array, at: number): void {
  const values = halfValues();
  const place = r % panel;
  const begin = (r - place) * stride + place;
  for (let c = 0; c < columns; c++) to[at + c] = values[data[begin + c * panel]!]!;
}

/** Rows of a step of `rounded`, `widened` and `copyRows`. */
const STEP = 4096;

/** A matrix as 32-bit floats: itself, or a widened copy in shared memory. */
export function widened(m: AnyMatrix): Matrix {
  if (!isHalf(m)) return m;
  const wide = matrix(m.rows, m.columns, sharedFloat32(m.rows * m.columns));
  copyRows(m, wide);
  return wide;
}

/** A matrix as 16-bit floats, row after row, each rounded to the nearest. Magnitudes from 65,520 on become ±65,504. */
export function rounded(m: Matrix): HalfMatrix {
  const half = halfMatrix(m.rows, m.columns);
  for (let r = 0; r < m.rows; r++) narrow(withinHalf(rowFrom(m, r)), half.data, r * m.columns);
  return half;
}

const withinHalf = (values: Float32Array) =>
  values.every((x) => Math.abs(x) < HALF_OVERFLOW)
    ? values
    : values.map((x) => Math.max(-LARGEST_HALF, Math.min(LARGEST_HALF, x)));

/** Copies the rows of a matrix to another with as many columns, from its row `begin` on; padding, precision and panels may differ. Magnitudes from 65,520 on become ±65,504 in 16 bits. */
export function copyRows(from: AnyMatrix, to: AnyMatrix, begin = 0): void {
  if (!isHalf(to)) {
    if (!isHalf(from) && from.stride === to.stride)
      to.data.set(from.data.subarray(0, from.rows * from.stride), begin * to.stride);
    else if (isHalf(from) && from.panel === 1 && from.stride === to.stride)
      widen(from.data.subarray(0, from.rows * from.stride), to.data, begin * to.stride);
    else for (let r = 0; r < from.rows; r++) to.data.set(rowFrom(from, r), (begin + r) * to.stride);
    return;
  }
  for (let first = 0; first < from.rows; first += STEP) {
    const rows = Math.min(STEP, from.rows - first);
    const bits = isHalf(from) && from.panel === 1 ? from : roundedRows(from, first, first + rows);
    const source = bits === from ? first : 0;
    for (let r = 0; r < rows; r++) putRow(bits, source + r, to, begin + first + r);
  }
}

const roundedRows = (m: AnyMatrix, first: number, end: number): HalfMatrix => {
  const { data, offset, stride } = floatRows(m, first, end);
  return rounded(matrix(end - first, m.columns, data.subarray(offset), stride));
};

/** Copies row `r` of a matrix without panels to row `target` of another. */
function putRow(from: HalfMatrix, r: number, to: HalfMatrix, target: number): void {
  const { columns, data } = from;
  const { panel } = to;
  const place = target % panel;
  const begin = (target - place) * to.stride + place;
  const source = r * from.stride;
  for (let c = 0; c < columns; c++) to.data[begin + c * panel] = data[source + c]!;
}
