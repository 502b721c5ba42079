import { KthLargest } from '../../dist/loss/kth-largest.js';

/** @typedef {import('../../dist/extend.js').Floats} Floats */

/** The strongest competitors of a positive: places among the negatives, and their weights. */
export class Slate {
  #heap;
  /** [count] */
  places = new Int32Array(0);
  weights = new Float64Array(0);
  count = 0;
  total = 0;

  /** @param {number} size */
  constructor(size) {
    this.#heap = new KthLargest(size);
  }

  /**
   * Takes the negatives with the largest keys, up to a weight of `size`; those that tie for the last place share what is left of it.
   * @param {Float64Array} keys
   * @param {Floats | undefined} weights
   */
  fill(keys, weights) {
    const n = keys.length;
    if (this.places.length < n) {
      this.places = new Int32Array(n);
      this.weights = new Float64Array(n);
    }
    this.#heap.clear();
    this.#heap.offerAll(keys, weights);
    const bar = this.#heap.value;
    let above = 0;
    let tied = 0;
    this.count = 0;
    this.total = 0;
    for (let j = 0; j < n; j++) {
      const weight = weights ? weights[j] : 1;
      if (keys[j] < bar || weight === 0) continue;
      if (keys[j] === bar) tied += weight;
      else above += weight;
      this.places[this.count] = j;
      this.weights[this.count++] = weight;
    }
    const part = Math.min(1, (this.#heap.k - above) / tied);
    for (let c = 0; c < this.count; c++) {
      if (keys[this.places[c]] === bar) this.weights[c] *= part;
      this.total += this.weights[c];
    }
  }
}

/**
 * The intensity of the competition of one positive.
 * @param {'gap' | 'mass' | 'number'} kind
 * @param {Slate} slate
 * @param {Floats} scores of the negatives
 * @param {Float64Array | undefined} exponents s_j/τ + ω_ij of the negatives, for `mass` and `number`; absent: s_j/τ
 * @param {number} positive the positive's score
 * @param {number} tau
 */
export function intensityOf(kind, slate, scores, exponents, positive, tau) {
  const { places, weights, count, total } = slate;
  if (count === 0) return 0;
  if (kind === 'gap') {
    let sum = 0;
    for (let c = 0; c < count; c++) sum += weights[c] / (1 + Math.exp((positive - scores[places[c]]) / tau));
    return sum / total;
  }
  let top = -Infinity;
  const exponent = (/** @type {number} */ j) => (exponents ? exponents[j] : scores[j] / tau);
  for (let c = 0; c < count; c++) top = Math.max(top, exponent(places[c]));
  let sum = 0;
  let squares = 0;
  for (let c = 0; c < count; c++) {
    const term = Math.exp(exponent(places[c]) - top);
    sum += weights[c] * term;
    squares += weights[c] * term * term;
  }
  return kind === 'mass' ? top + Math.log(sum) - positive / tau : Math.log((sum * sum) / squares);
}
