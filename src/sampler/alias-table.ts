import type { Random } from '../array/random.ts';

/** Draws index j with probability weights[j] / Σ weights in constant time: Walker's alias method, with Vose's construction. */
export class AliasTable {
  /** The probability of each index; the sum is 1. */
  readonly probabilities: Float64Array;
  /** Probability that a draw of slot j returns j itself. */
  readonly #keep: Float64Array;
  /** The index that a draw of slot j returns otherwise. */
  readonly #alias: Int32Array;

  /**
   * Costs time linear in the number of weights.
   * @param weights each ≥ 0, at least one > 0
   */
  constructor(weights: ArrayLike<number>) {
    const n = weights.length;
    let sum = 0;
    for (let j = 0; j < n; j++) sum += weights[j]!;
    this.probabilities = Float64Array.from(weights, (w) => w / sum);
    // Scaled so that the mean slot holds 1: a slot below 1 is filled up from one index above 1.
    this.#keep = this.probabilities.map((p) => p * n);
    this.#alias = Int32Array.from(weights, (_, j) => j);
    const small: number[] = [];
    const large: number[] = [];
    for (let j = 0; j < n; j++) (this.#keep[j]! < 1 ? small : large).push(j);
    while (small.length > 0 && large.length > 0) {
      const lacking = small.pop()!;
      const giver = large[large.length - 1]!;
      this.#alias[lacking] = giver;
      // The giver fills the slot and may drop below 1 itself.
      this.#keep[giver]! -= 1 - this.#keep[lacking]!;
      if (this.#keep[giver]! < 1) small.push(large.pop()!);
    }
    // The remaining slots hold 1 up to rounding. An index of weight 0 must never be drawn: its slot returns the heaviest index.
    for (const j of large) this.#keep[j] = 1;
    for (const j of small) {
      if (this.probabilities[j]! > 0) this.#keep[j] = 1;
      else this.#alias[j] = heaviest(weights);
    }
  }

  /** Draws one index: one random integer and one random real. */
  draw(random: Random): number {
    const j = random.integer(this.#keep.length);
    return random.real() < this.#keep[j]! ? j : this.#alias[j]!;
  }
}

/** The index of the largest weight, the first of equal ones. */
function heaviest(weights: ArrayLike<number>): number {
  let best = 0;
  for (let j = 1; j < weights.length; j++) if (weights[j]! > weights[best]!) best = j;
  return best;
}
