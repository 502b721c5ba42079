import { dropoutKeeps, dropoutRowKey, dropoutThreshold } from '../../array/dropout-mask.ts';
import type { ScoreKind } from '../engine.ts';

/** A row shorter than this has no direction: its cosines are 0 and it gets no gradient from them. */
const SHORTEST = 1e-12;

/** 1/‖x‖, or 0 where x has no direction. */
export function inverseNorm(x: Float32Array | Float64Array): number {
  let squares = 0;
  for (let c = 0; c < x.length; c++) squares += x[c]! * x[c]!;
  const norm = Math.sqrt(squares);
  return norm < SHORTEST ? 0 : 1 / norm;
}

/** What happens to an embedding before it is scored: first dropout, then, for cosine scores, division by its norm. */
export interface Preparation {
  readonly score: ScoreKind;
  readonly dropout: number;
  /** streamKey(seed, 'dropout', epoch, step). */
  readonly stepKey: number;
}

/** One embedding made ready for a batch: x̃ = mask ⊙ x / (1 − p), x̂ = x̃/‖x̃‖ for cosine scores and x̃ for inner products. */
export class PreparedRow {
  readonly final: Float64Array;
  /** The gradient of the batch's value with respect to `final`; summed up by the engine. */
  readonly finalGradient: Float64Array;
  /** Column by column 0 or 1/(1 − p). */
  readonly #mask: Float64Array;
  /** 1/‖x̃‖; 1 for inner products. */
  readonly #inverse: number;
  readonly #normalised: boolean;

  constructor(x: Float32Array, table: 0 | 1, row: number, preparation: Preparation) {
    const rowKey = dropoutRowKey(preparation.stepKey, table, row);
    const threshold = dropoutThreshold(preparation.dropout);
    this.#mask = Float64Array.from(x, (_, c) =>
      dropoutKeeps(rowKey, c, threshold) ? 1 / (1 - preparation.dropout) : 0,
    );
    const dropped = Float64Array.from(x, (value, c) => value * this.#mask[c]!);
    this.#normalised = preparation.score === 'cosine';
    this.#inverse = this.#normalised ? inverseNorm(dropped) : 1;
    this.final = dropped.map((value) => value * this.#inverse);
    this.finalGradient = new Float64Array(x.length);
  }

  /** The gradient with respect to the embedding: mask/(1 − p) ⊙ ( ĝ − (ĝ·x̂) x̂ )/‖x̃‖, for inner products mask/(1 − p) ⊙ ĝ. */
  gradient(): Float64Array {
    const along = this.#normalised ? dot(this.finalGradient, this.final) : 0;
    return this.finalGradient.map((g, c) => (g - along * this.final[c]!) * this.#inverse * this.#mask[c]!);
  }
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c]! * b[c]!;
  return sum;
}

/** y ← y + a·x. */
export function addScaled(y: Float64Array, a: number, x: Float64Array): void {
  for (let c = 0; c < y.length; c++) y[c]! += a * x[c]!;
}
