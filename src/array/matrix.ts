/** A dense row-major matrix of 32-bit floats. Row r starts at `data[r * stride]`; `stride ≥ columns`, the columns beyond are padding and hold 0. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly data: Float32Array;
}

/** A matrix over the given data, or over new zeros. */
export function matrix(
  rows: number,
  columns: number,
  data: Float32Array = new Float32Array(rows * columns),
  stride = columns,
): Matrix {
  return { rows, columns, stride, data };
}

/** The values of row `r`, as a view. */
export function row(m: Matrix, r: number): Float32Array {
  return m.data.subarray(r * m.stride, r * m.stride + m.columns);
}
