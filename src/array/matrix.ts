/** A dense row-major matrix of 32-bit floats. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Distance between rows in `data`, ≥ `columns`: row r starts at `data[r * stride]`. The columns beyond `columns` are padding and hold 0. */
  readonly stride: number;
  readonly data: Float32Array;
}

/** A matrix over the given data, or over zeros. */
export function matrix(
  rows: number,
  columns: number,
  data: Float32Array = new Float32Array(rows * columns),
  stride = columns,
): Matrix {
  return { rows, columns, stride, data };
}

/** The values of row `r`, without padding, as a view of `data`. */
export function row(m: Matrix, r: number): Float32Array {
  return m.data.subarray(r * m.stride, r * m.stride + m.columns);
}
