import { dropoutKeeps, dropoutThreshold } from '../../array/dropout-mask.ts';
import type { ScoreKind } from '../engine.ts';

/** The least divisor of a normalisation, so that a row of zeros stays one. */
const LEAST_NORM = 1e-12;

/** 1 / max(‖x‖, 1e-12). */
export function inverseNorm(x: Float32Array | Float64Array): number {
  let squares = 0;
  for (let c = 0; c < x.length; c++) squares += x[c]! * x[c]!;
  return 1 / Math.max(Math.sqrt(squares), LEAST_NORM);
}

/** What happens to an embedding before it is scored: first dropout, then, for cosine scores, division by its norm. */
export interface Preparation {
  readonly score: ScoreKind;
  /** Probability of an element to be dropped. */
  readonly dropout: number;
  /** dropoutKey of the table in this step. */
  readonly dropoutKey: number;
}

/** One embedding made ready for a batch: x̃ = mask ⊙ x / (1 − p), x̂ = x̃/max(‖x̃‖, 1e-12) for cosine scores and x̃ for inner products. */
export class PreparedRow {
  readonly final: Float64Array;
  /** The gradient of the batch's value with respect to `final`; summed up by the engine. */
  readonly finalGradient: Float64Array;
  /** Column by column 0 or 1/(1 − p). */
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

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c]! * b[c]!;
  return sum;
}

/** y ← y + a·x. */
export function addScaled(y: Float32Array | Float64Array, a: number, x: Float64Array): void {
  for (let c = 0; c < y.length; c++) y[c]! += a * x[c]!;
}
