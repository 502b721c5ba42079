import type { Random } from '../array/random.ts';

/** Draws index j with probability weights[j] / Σ weights in constant time (Walker's alias method, built as by Vose). */
export class AliasTable {
  /** Drawing probability of each index. */
  readonly probabilities: Float64Array;
  readonly #keep: Float64Array;
  readonly #alias: Int32Array;

  /** @param weights each ≥ 0, at least one > 0 */
  constructor(weights: ArrayLike<number>) {
    const n = weights.length;
    let sum = 0;
    for (let j = 0; j < n; j++) sum += weights[j]!;
    this.probabilities = Float64Array.from(weights, (w) => w / sum);
    this.#keep = this.probabilities.map((p) => p * n);
    this.#alias = Int32Array.from(weights, (_, j) => j);
    const small: number[] = [];
    const large: number[] = [];
    for (let j = 0; j < n; j++) (this.#keep[j]! < 1 ? small : large).push(j);
    while (small.length > 0 && large.length > 0) {
      const lacking = small.pop()!;
      const giver = large[large.length - 1]!;
      this.#alias[lacking] = giver;
      this.#keep[giver]! -= 1 - this.#keep[lacking]!;
      if (this.#keep[giver]! < 1) small.push(large.pop()!);
    }
    // What is left of either list is 1 up to rounding; only an index that has no weight at all must never be kept.
    for (const j of large) this.#keep[j] = 1;
    for (const j of small) {
      if (this.probabilities[j]! > 0) this.#keep[j] = 1;
      else this.#alias[j] = heaviest(weights);
    }
  }

  draw(random: Random): number {
    const j = random.integer(this.#keep.length);
    return random.real() < this.#keep[j]! ? j : this.#alias[j]!;
  }
}

function heaviest(weights: ArrayLike<number>): number {
  let best = 0;
  for (let j = 1; j < weights.length; j++) if (weights[j]! > weights[best]!) best = j;
  return best;
}
