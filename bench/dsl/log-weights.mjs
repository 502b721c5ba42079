import { csrRow } from '../../dist/array/csr.js';
import { LEAST_DEVIATION } from '../../dist/loss/standardize.js';
import { expTerms } from './softmax.mjs';

/** @typedef {import('../../dist/extend.js').Floats} Floats */

/**
 * Writes the mean and the inverse deviation of x under its weights, in one pass: enough for numbers of the size of a cosine. In raw units they are 0 and 1.
 * @param {{ mean: number, inverse: number }} found
 * @param {Floats} x
 * @param {Floats | undefined} weights
 * @param {'deviation' | 'raw'} unit
 */
export function findUnits(found, x, weights, unit) {
  found.mean = 0;
  found.inverse = 1;
  if (unit === 'raw') return;
  const n = x.length;
  let total = 0;
  let sum = 0;
  let squares = 0;
  for (let j = 0; j < n; j++) {
    const w = weights ? weights[j] : 1;
    const wx = w * x[j];
    total += w;
    sum += wx;
    squares += wx * x[j];
  }
  if (total === 0) return;
  found.mean = sum / total;
  const variance = squares / total - found.mean * found.mean;
  found.inverse = 1 / Math.max(Math.sqrt(Math.max(0, variance)), LEAST_DEVIATION);
}

/**
 * Writes the hardness of every negative; masked ones get any finite number.
 * @param {'score' | 'rank' | 'log-rank' | 'share'} kind
 * @param {Float64Array} out
 * @param {Floats} scores
 * @param {Float64Array} mask log weights of the row: 0, or −Infinity for a masked negative
 * @param {number} tau
 */
export function writeHardness(kind, out, scores, mask, tau) {
  const n = scores.length;
  if (kind === 'score') for (let j = 0; j < n; j++) out[j] = scores[j];
  else if (kind === 'share') {
    const sum = expTerms(out, scores, 1 / tau, mask, { top: 0 });
    for (let j = 0; j < n; j++) out[j] = Math.log1p((n * out[j]) / sum);
  } else {
    // Score and position in one number: the native sort of numbers is several times faster than one with a comparison. Scores closer than 2^-30 tie, in order of position.
    const keys = new Float64Array(n);
    let alive = 0;
    for (let j = 0; j < n; j++) if (mask[j] > -Infinity) keys[alive++] = Math.round(scores[j] * 2 ** 30) * 2 ** 16 + j;
    keys.subarray(0, alive).sort();
    out.fill(0, 0, n);
    for (let place = 0; place < alive; place++) {
      const j = ((keys[place] % 2 ** 16) + 2 ** 16) % 2 ** 16;
      out[j] = kind === 'rank' ? (place + 0.5) / alive : -Math.log((alive - place - 0.5) / alive);
    }
  }
}

/** Cosines of the columns of the training matrix, for the similarity `co-occurrence`. */
export class TogetherSimilarity {
  #cosines;
  #dense;
  #out = new Float32Array(0);

  /** @param {import('../../dist/extend.js').Csr} cosines [items × items], no entry is 0 */
  constructor(cosines) {
    this.#cosines = cosines;
    this.#dense = new Float32Array(cosines.columns);
  }

  /** [n] the similarity of an item to each pool item, valid until the next call. @param {number} item @param {Int32Array} pool */
  of(item, pool) {
    const n = pool.length;
    if (this.#out.length !== n) this.#out = new Float32Array(n);
    const row = csrRow(this.#cosines, item);
    const from = this.#cosines.offsets[item];
    const values = /** @type {ArrayLike<number>} */ (this.#cosines.values);
    for (let e = 0; e < row.length; e++) this.#dense[row[e]] = values[from + e];
    for (let j = 0; j < n; j++) this.#out[j] = this.#dense[pool[j]];
    for (let e = 0; e < row.length; e++) this.#dense[row[e]] = 0;
    return this.#out;
  }
}
