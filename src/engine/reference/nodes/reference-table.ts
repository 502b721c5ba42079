import type { Floats } from '../../../loss/loss.ts';
import type { NodeTable } from '../../node-operations.ts';

/** A table without padding. */
export class ReferenceTable<T extends Floats = Floats> implements NodeTable {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly data: T;

  constructor(rows: number, columns: number, data: T) {
    this.rows = rows;
    this.columns = columns;
    this.stride = columns;
    this.data = data;
  }

  row(r: number): T {
    return this.data.subarray(r * this.columns, (r + 1) * this.columns) as T;
  }
}

export function doubleTable(rows: number, columns: number): ReferenceTable {
  return new ReferenceTable(rows, columns, new Float64Array(rows * columns));
}

export function singleTable(rows: number, columns: number): ReferenceTable<Float32Array> {
  return new ReferenceTable(rows, columns, new Float32Array(rows * columns));
}
