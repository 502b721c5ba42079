import { type Matrix, matrix, row } from '../../array/matrix.ts';
import type { Floats } from '../../loss/loss.ts';
import type { ParameterRow, RowOptimizer } from '../../optimizer/row-optimizer.ts';
import { type Preparation, PreparedRow } from './prepared-row.ts';

/** An embedding table with its moments, and the rows of it that the batch of the moment touches. */
export class EmbeddingTable {
  readonly values: Matrix;
  readonly m: Matrix;
  readonly v: Matrix;
  /** The rows a batch touches, made ready; the gradients with respect to the table, once computed. */
  readonly prepared = new Map<number, PreparedRow>();
  readonly gradients = new Map<number, Float64Array>();
  /** The last step of the epoch that each row was brought up to. */
  readonly #applied: Int32Array;

  constructor(values: Matrix, hasMoments: boolean) {
    const { rows, columns: dimension } = values;
    this.values = values;
    this.m = matrix(hasMoments ? rows : 0, dimension);
    this.v = matrix(hasMoments ? rows : 0, dimension);
    this.#applied = new Int32Array(rows);
  }

  startEpoch(): void {
    this.#applied.fill(0);
  }

  /** Brings the given rows up to date and makes them ready. With a backbone `finals` are the rows to make ready, and all rows are up to date. */
  touch(
    rows: Iterable<number>,
    optimizer: RowOptimizer,
    preparation: Preparation,
    finals?: (row: number) => Floats,
  ): void {
    this.prepared.clear();
    this.gradients.clear();
    for (const r of new Set(rows)) {
      if (!finals) this.#bringUp(r, optimizer);
      this.prepared.set(r, new PreparedRow(finals?.(r) ?? row(this.values, r), r, preparation));
    }
  }

  /** Turns the gradients of the prepared rows into those of the table, each row's l2 · θ included; with a backbone into those of the final rows. */
  backward(l2: number, hasBackbone: boolean): void {
    for (const [r, prepared] of this.prepared) {
      if (hasBackbone) {
        this.gradients.set(r, prepared.gradient());
        continue;
      }
      const theta = row(this.values, r);
      this.gradients.set(
        r,
        prepared.gradient().map((g, c) => g + l2 * theta[c]!),
      );
    }
  }

  /** Applies the step just begun to the touched rows. */
  step(optimizer: RowOptimizer): void {
    for (const [r, gradient] of this.gradients) {
      optimizer.step(this.#row(r), gradient);
      this.#applied[r] = optimizer.steps;
    }
  }

  /** Applies the step just begun to every row, with the gradients that a backbone left. */
  stepAll(optimizer: RowOptimizer, gradientOf: (row: number) => Floats): void {
    for (let r = 0; r < this.values.rows; r++) {
      optimizer.step(this.#row(r), gradientOf(r));
      this.#applied[r] = optimizer.steps;
    }
  }

  settle(optimizer: RowOptimizer): void {
    for (let r = 0; r < this.values.rows; r++) this.#bringUp(r, optimizer);
  }

  #bringUp(r: number, optimizer: RowOptimizer): void {
    optimizer.skip(this.#row(r), this.#applied[r]!);
    this.#applied[r] = optimizer.steps;
  }

  #row(r: number): ParameterRow {
    return { values: row(this.values, r), m: row(this.m, r), v: row(this.v, r) };
  }
}
