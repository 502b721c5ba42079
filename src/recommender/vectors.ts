import { BestItems } from '../array/best-items.ts';
import { type AnyMatrix, floatRows, rowFrom } from '../array/half-matrix.ts';
import type { ScoreKind } from '../engine/engine.ts';

/** The inner product Σ a_c b_c, in double precision. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c]! * b[c]!;
  return sum;
}

/** 1/‖a‖; 0 for a vector shorter than 1e-12, whose cosines are then all 0, as in the engines. */
export function inverseNorm(a: ArrayLike<number>): number {
  const length = Math.sqrt(dot(a, a));
  return length < 1e-12 ? 0 : 1 / length;
}

/** The model's score of two embeddings, rounded to a 32-bit float as in the engines. */
export function scoreOf(score: ScoreKind, a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.fround(score === 'dot' ? dot(a, b) : dot(a, b) * inverseNorm(a) * inverseNorm(b));
}

/** A score plus the bias of its item, rounded to a 32-bit float as in the engines. */
export function biasedScore(score: number, bias = 0): number {
  return Math.fround(score + bias);
}

/** 1/‖row‖ of every row. */
export function inverseNorms(m: AnyMatrix): Float64Array {
  return Float64Array.from({ length: m.rows }, (_, r) => inverseNorm(rowFrom(m, r)));
}

/** Rows between two steps of `nearestRows`. */
const STEP_ROWS = 8192;

/**
 * The k rows with the largest cosines with row `r`, without row `r` itself; ties to the lower row. Yields between steps.
 * @param inverse 1/‖row‖ of every row
 * @param wanted the only rows to return; absent: all
 */
export function* nearestRows(
  m: AnyMatrix,
  inverse: Float64Array,
  r: number,
  k: number,
  wanted?: { has(row: number): boolean },
): Generator<void, { readonly item: number; readonly score: number }[]> {
  const query = Float64Array.from(rowFrom(m, r), (x) => x * inverse[r]!);
  const best = new BestItems(Math.min(k, m.rows));
  const { columns } = m;
  for (let first = 0; first < m.rows; first += STEP_ROWS) {
    if (first > 0) yield;
    const end = Math.min(m.rows, first + STEP_ROWS);
    const { data, offset, stride } = floatRows(m, first, end);
    for (let other = first; other < end; other++) {
      if (other === r || (wanted && !wanted.has(other))) continue;
      let sum = 0;
      // Written out: `dot` on a row view per item would allocate for the whole catalogue.
      for (let c = 0, at = offset + (other - first) * stride; c < columns; c++, at++) sum += query[c]! * data[at]!;
      best.offer(other, Math.fround(sum * inverse[other]!));
    }
  }
  return best.take();
}
