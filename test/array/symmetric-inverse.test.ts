import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/array/random.ts';
import { inverseWorkingBytes, invertPositiveDefinite } from '../../src/array/symmetric-inverse.ts';

/** M·Mᵀ + I of a random n × n matrix M: symmetric positive definite. */
function definite(n: number, seed: number): Float64Array {
  const random = randomStream(seed, 'definite', n);
  const m = Float64Array.from({ length: n * n }, () => 2 * random.real() - 1);
  return product(m, transposed(m, n), n).map((value, e) => value + (e % (n + 1) === 0 ? 1 : 0));
}

const transposed = (a: Float64Array, n: number) => a.map((_, e) => a[(e % n) * n + Math.floor(e / n)]!);

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) c[i * n + j]! += a[i * n + k]! * b[k * n + j]!;
  return c;
}

/** Runs the inversion to its end; gives its value and the shares it yielded. */
function inverted(a: Float64Array, n: number) {
  const parts: number[] = [];
  const work = invertPositiveDefinite(a, n);
  for (;;) {
    const { done, value } = work.next();
    if (done) return { isDefinite: value, parts };
    parts.push(value);
  }
}

/** The largest deviation of A·B from the identity. */
const deviation = (a: Float64Array, b: Float64Array, n: number) =>
  product(a, b, n).reduce((most, value, e) => Math.max(most, Math.abs(value - (e % (n + 1) === 0 ? 1 : 0))), 0);

describe('invertPositiveDefinite', () => {
  it('times the matrix is the identity, and symmetric to the last bit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(1000), (n, seed) => {
        const a = definite(n, seed);
        const inverse = a.slice();
        expect(inverted(inverse, n).isDefinite).toBe(true);
        expect(deviation(a, inverse, n)).toBeLessThan(1e-9);
        expect(transposed(inverse, n)).toEqual(inverse);
      }),
    );
  });

  // Sizes at the edges of blocks of 128 columns and tiles of 4 rows.
  it.each([127, 128, 129, 131, 256, 258])('of %i rows', (n) => {
    const a = definite(n, 1);
    const inverse = a.slice();
    const { isDefinite, parts } = inverted(inverse, n);
    expect(isDefinite).toBe(true);
    expect(deviation(a, inverse, n)).toBeLessThan(1e-8);
    expect(parts).toEqual(parts.slice().sort((p, q) => p - q));
    expect(parts.every((part) => part >= 0 && part < 1)).toBe(true);
  });

  it('reads the lower triangle alone', () => {
    const n = 9;
    const a = definite(n, 2);
    const lower = a.map((value, e) => (e % n > Math.floor(e / n) ? Number.NaN : value));
    const inverse = lower.slice();
    expect(inverted(inverse, n).isDefinite).toBe(true);
    expect(deviation(a, inverse, n)).toBeLessThan(1e-9);
  });

  it.each([
    ['singular', [1, 1, 1, 1]],
    ['indefinite', [1, 2, 2, 1]],
    ['not finite', [Number.NaN, 0, 0, 1]],
  ])('says no to a matrix that is %s', (_, values) => {
    expect(inverted(Float64Array.from(values), 2).isDefinite).toBe(false);
  });

  it('takes two blocks of rows of working memory', () => {
    expect(inverseWorkingBytes(1000)).toBe(8 * (2 * 128 * 1000 + 128 * 128));
  });
});
