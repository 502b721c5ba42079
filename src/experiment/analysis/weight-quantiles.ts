/** Bins for each unit of y = log n·p. */
const BINS = 4096;
/** Weights below e^−37 ≈ 1e-16 count as 0. */
const LOWEST = -37;

/** A weight n·p_j and the part of all weights that are not above it. */
export interface WeightQuantile {
  readonly quantile: number;
  readonly weight: number;
}

/** Quantiles of any number of worst-case weights n·p_j in fixed memory: a histogram of their logarithms, to a relative 1/8192. */
export class WeightQuantiles {
  readonly #counts: Uint32Array;
  #zeros = 0;
  #total = 0;
  #largest = -Infinity;

  /** @param most No weight is above it: the number of negatives. */
  constructor(most: number) {
    this.#counts = new Uint32Array((Math.ceil(Math.log(most)) - LOWEST) * BINS + 2);
  }

  /** Takes one user's weights, as y_j = log(n p_j). */
  add(logWeights: Float64Array): void {
    for (let j = 0; j < logWeights.length; j++) {
      const y = logWeights[j]!;
      if (y > this.#largest) this.#largest = y;
      const bin = Math.round((y - LOWEST) * BINS);
      if (bin > 0) this.#counts[bin]!++;
      else this.#zeros++;
    }
    this.#total += logWeights.length;
  }

  /** The smallest weight n·p that the part `quantile` of all weights, in (0, 1], do not exceed; for 1 the largest, exactly. */
  at(quantile: number): WeightQuantile {
    if (quantile === 1) return { quantile, weight: Math.exp(this.#largest) };
    const needed = quantile * this.#total;
    let seen = this.#zeros;
    if (seen >= needed) return { quantile, weight: 0 };
    let bin = 0;
    while (seen < needed) seen += this.#counts[++bin]!;
    return { quantile, weight: Math.exp(Math.min(this.#largest, bin / BINS + LOWEST)) };
  }
}
