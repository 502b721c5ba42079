import { type Matrix, matrix, row } from '../../array/matrix.ts';
import { dropoutKeeps, dropoutThreshold } from '../../array/random.ts';
import type { Floats } from '../../loss/loss.ts';
import type { ParameterRow, RowOptimizer } from '../../optimizer/optimizer.ts';
import type { ScoreKind } from '../engine.ts';

/** An embedding table [rows × dimension] with its moments, and the rows of it that the current batch touches. */
export class EmbeddingTable {
  readonly values: Matrix;
  readonly m: Matrix;
  readonly v: Matrix;
  /** The rows that the batch touches, prepared for scoring. */
  readonly prepared = new Map<number, PreparedRow>();
  /** The gradients with respect to the table's rows; `backward` fills it. */
  readonly gradients = new Map<number, Float64Array>();
  /** [rows] the last step of the epoch that was applied to each row. */
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

  /** Brings the given rows up to date and prepares them. With a backbone, all rows are up to date already and `finals` returns the rows to prepare. */
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

  /** Turns the gradients of the prepared rows into gradients of the table's rows, l2 · θ included; with a backbone into gradients of the final rows, without L2. */
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

  /** Applies the optimiser's current step to the touched rows. */
  step(optimizer: RowOptimizer): void {
    for (const [r, gradient] of this.gradients) {
      optimizer.step(this.#row(r), gradient);
      this.#applied[r] = optimizer.steps;
    }
  }

  /** Applies the optimiser's current step to every row, with the gradients that the backbone wrote. */
  stepAll(optimizer: RowOptimizer, gradientOf: (row: number) => Floats): void {
    for (let r = 0; r < this.values.rows; r++) {
      optimizer.step(this.#row(r), gradientOf(r));
      this.#applied[r] = optimizer.steps;
    }
  }

  /** Brings every row up to date. */
  settle(optimizer: RowOptimizer): void {
    for (let r = 0; r < this.values.rows; r++) this.#bringUp(r, optimizer);
  }

  /** Applies the steps that row r has missed, in which its gradient was 0. */
  #bringUp(r: number, optimizer: RowOptimizer): void {
    optimizer.skip(this.#row(r), this.#applied[r]!);
    this.#applied[r] = optimizer.steps;
  }

  #row(r: number): ParameterRow {
    return { values: row(this.values, r), m: row(this.m, r), v: row(this.v, r) };
  }
}

/** The smallest divisor of a normalisation: a row of zeros stays a row of zeros. */
const LEAST_NORM = 1e-12;

/** 1 / max(‖x‖, 1e-12). */
export function inverseNorm(x: Float32Array | Float64Array): number {
  let squares = 0;
  for (let c = 0; c < x.length; c++) squares += x[c]! * x[c]!;
  return 1 / Math.max(Math.sqrt(squares), LEAST_NORM);
}

/** The preparation of an embedding for scoring: first dropout, then, for cosine scores, division by its norm. */
export interface Preparation {
  readonly score: ScoreKind;
  /** Probability that an element is dropped. */
  readonly dropout: number;
  /** The table's `dropoutKey` in this step. */
  readonly dropoutKey: number;
}

/** One embedding prepared for a batch: with x̃ = mask ⊙ x / (1 − p), `final` is x̂ = x̃/max(‖x̃‖, 1e-12) for cosine scores and x̃ for inner products. */
class PreparedRow {
  readonly final: Float64Array;
  /** The gradient of the batch's value with respect to `final`; the engine adds to it. */
  readonly finalGradient: Float64Array;
  /** One number per column: 0 or 1/(1 − p). */
  readonly #mask: Float64Array;
  /** 1/max(‖x̃‖, 1e-12); 1 for inner products. */
  readonly #inverse: number;
  readonly #normalised: boolean;

  constructor(x: Float32Array | Float64Array, row: number, preparation: Preparation) {
    const threshold = dropoutThreshold(preparation.dropout);
    this.#mask = Float64Array.from(x, (_, c) =>
      dropoutKeeps(preparation.dropoutKey, row, c, threshold) ? 1 / (1 - preparation.dropout) : 0,
    );
    const dropped = Float64Array.from(x, (value, c) => value * this.#mask[c]!);
    this.#normalised = preparation.score === 'cosine';
    this.#inverse = this.#normalised ? inverseNorm(dropped) : 1;
    this.final = dropped.map((value) => value * this.#inverse);
    this.finalGradient = new Float64Array(x.length);
  }

  /** The gradient with respect to the embedding: mask/(1 − p) ⊙ ( ĝ − (ĝ·x̂) x̂ )/max(‖x̃‖, 1e-12), for inner products mask/(1 − p) ⊙ ĝ. */
  gradient(): Float64Array {
    const along = this.#normalised ? dot(this.finalGradient, this.final) : 0;
    return this.finalGradient.map((g, c) => (g - along * this.final[c]!) * this.#inverse * this.#mask[c]!);
  }
}

/** ⟨a, b⟩, summed in ascending order. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c]! * b[c]!;
  return sum;
}

/** y ← y + a·x. */
export function addScaled(y: Float32Array | Float64Array, a: number, x: Float64Array): void {
  for (let c = 0; c < y.length; c++) y[c]! += a * x[c]!;
}
