// Exponentials of a row, in double precision without `Math.exp`, which takes twice as long.

/** Steps of the table in each power of two. */
const STEPS = 32;
const SCALE = STEPS * Math.LOG2E;
const STEP = Math.LN2 / STEPS;
/** 2^(−k/32) for the arguments that `expOfNegative` keeps. */
const powers = Float64Array.from({ length: 2048 }, (_, k) => 2 ** (-k / STEPS));

/**
 * e^x for x ≤ 0, to a relative error of 1e-11; 0 below −40. x = −k ln 2 / 32 + r with |r| ≤ ln 2 / 64: a table entry, and a polynomial of degree 4 in r.
 * @param {number} x
 */
export function expOfNegative(x) {
  if (x < -40) return 0;
  const k = (0.5 - x * SCALE) | 0;
  const r = x + k * STEP;
  return (1 + r * (1 + r * (0.5 + r * (1 / 6 + r * (1 / 24))))) * powers[k];
}

/**
 * terms_j = exp(x_j · inverse + logs_j − top), with top the largest exponent. Returns Σ terms and writes top to `found.top`; both are 0 where all logs are −Infinity.
 * @param {Float64Array} terms
 * @param {import('../../dist/extend.js').Floats} x
 * @param {number} inverse 1/τ
 * @param {Float64Array} logs −Infinity masks an entry
 * @param {{ top: number }} found
 */
export function expTerms(terms, x, inverse, logs, found) {
  const n = x.length;
  let top = -Infinity;
  for (let j = 0; j < n; j++) {
    const term = x[j] * inverse + logs[j];
    terms[j] = term;
    if (term > top) top = term;
  }
  if (top === -Infinity) {
    terms.fill(0, 0, n);
    found.top = 0;
    return 0;
  }
  let sum = 0;
  for (let j = 0; j < n; j++) {
    const term = expOfNegative(terms[j] - top);
    terms[j] = term;
    sum += term;
  }
  found.top = top;
  return sum;
}

/**
 * log Σ_j exp(logs_j) of n logs, `top` the largest; −Infinity where all logs are.
 * @param {Float64Array} logs
 * @param {number} n
 * @param {number} top
 */
export function logSum(logs, n, top) {
  if (top === -Infinity) return top;
  let sum = 0;
  for (let j = 0; j < n; j++) sum += expOfNegative(logs[j] - top);
  return top + Math.log(sum);
}
