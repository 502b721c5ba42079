// Exponentials of a row, in double precision without `Math.exp`, which takes several times as long.

const LOG2_E = Math.LOG2E;
const LN_2 = Math.LN2;
/** 2^−k for the arguments that `expOfNegative` keeps. */
const powers = Float64Array.from({ length: 64 }, (_, k) => 2 ** -k);

/**
 * e^x for x ≤ 0, to a relative error of 1e-9; 0 below −40. x = −k ln 2 + r with |r| ≤ ln 2 / 2, and a polynomial of degree 8 in r.
 * @param {number} x
 */
export function expOfNegative(x) {
  if (x < -40) return 0;
  const k = (0.5 - x * LOG2_E) | 0;
  const r = x + k * LN_2;
  const head = 1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r / 40320)));
  return (1 + r * (1 + r * (0.5 + r * (1 / 6 + r * head)))) * powers[k];
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
