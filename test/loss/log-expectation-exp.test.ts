import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import { meanOf } from '../contracts/loss-contract.ts';
import { expectClose } from '../support/close.ts';

const entries = fc.array(
  fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0.01, max: 5, noNaN: true })),
  { minLength: 1, maxLength: 9 },
);
const temperature = fc.double({ min: 0.05, max: 20, noNaN: true });
const values = (e: [number, number][]) => Float64Array.from(e, ([x]) => x);
const weightsOf = (e: [number, number][]) => Float64Array.from(e, ([, w]) => w);

test('is the formula, and its probabilities are the derivative', () => {
  fc.assert(
    fc.property(entries, temperature, (e, tau) => {
      const x = values(e);
      const w = weightsOf(e);
      const p = new Float64Array(x.length);
      const value = logExpectationExp(x, tau, w, p, 3);
      const terms = x.map((v, j) => w[j]! * Math.exp(v / tau));
      const sum = terms.reduce((a, b) => a + b, 0);
      expectClose([value], [tau * Math.log(sum / w.reduce((a, b) => a + b, 0))], 1e-12, 1e-10);
      expectClose(
        p,
        terms.map((t) => (3 * t) / sum),
        0,
        1e-12,
      );
    }),
  );
});

test('equal weights are no weights', () => {
  fc.assert(
    fc.property(entries, temperature, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (e, tau, w) => {
      const x = values(e);
      expectClose(
        [
          logExpectationExp(
            x,
            tau,
            x.map(() => w),
          ),
        ],
        [logExpectationExp(x, tau)],
        1e-12,
        1e-12,
      );
    }),
  );
});

test('shifting every value shifts the result, also far out', () => {
  fc.assert(
    fc.property(entries, temperature, fc.integer({ min: -10000, max: 10000 }), (e, tau, shift) => {
      const x = values(e);
      const moved = logExpectationExp(
        x.map((v) => v + shift),
        tau,
        weightsOf(e),
      );
      expectClose([moved - shift], [logExpectationExp(x, tau, weightsOf(e))], 1e-10, 0);
    }),
  );
});

test('lies between the mean and the maximum and falls with τ', () => {
  fc.assert(
    fc.property(entries, temperature, (e, tau) => {
      const x = values(e);
      const w = weightsOf(e);
      const value = logExpectationExp(x, tau, w);
      expect(value).toBeGreaterThanOrEqual(meanOf(x, w) - 1e-12);
      expect(value).toBeLessThanOrEqual(Math.max(...x) + 1e-12);
      expect(logExpectationExp(x, 2 * tau, w)).toBeLessThanOrEqual(value + 1e-12);
    }),
  );
});

test('a large τ does not cancel: mean + variance/(2τ)', () => {
  fc.assert(
    fc.property(entries, fc.constantFrom(1e4, 1e8, 1e12, 1e300, Infinity), (e, tau) => {
      const x = values(e);
      const w = weightsOf(e);
      const mean = meanOf(x, w);
      const variance = meanOf(
        x.map((v) => (v - mean) ** 2),
        w,
      );
      expectClose([logExpectationExp(x, tau, w)], [mean + variance / (2 * tau)], 1 / tau ** 2 + 1e-14, 1e-15);
    }),
  );
});

test('a small τ is the maximum', () => {
  expectClose([logExpectationExp(Float64Array.of(1, -1, 0.5), 1e-3)], [1 + 1e-3 * Math.log(1 / 3)], 1e-15, 1e-15);
  expectClose([logExpectationExp(Float64Array.of(1e4, -1e4), 1e-3)], [1e4 + 1e-3 * Math.log(1 / 2)], 1e-11, 0);
});

test('a weight of 0 masks, however high the value', () => {
  const p = new Float64Array(3).fill(Number.NaN);
  const value = logExpectationExp(Float64Array.of(0.5, 1e4, 0.1), 0.1, Float64Array.of(1, 0, 1), p);
  expectClose([value], [logExpectationExp(Float64Array.of(0.5, 0.1), 0.1)], 1e-15, 1e-15);
  expect(p[1]).toBe(0);
});

test.each([0.1, Infinity])('nothing left is 0, at τ = %d', (tau) => {
  const p = new Float64Array(2).fill(Number.NaN);
  expect(logExpectationExp(Float64Array.of(1, 2), tau, new Float64Array(2), p)).toBe(0);
  expect([...p]).toEqual([0, 0]);
  expect(logExpectationExp(new Float64Array(0), tau)).toBe(0);
});

test('weights of any size', () => {
  const x = Float64Array.of(0.3, -0.3);
  const ratio = logExpectationExp(x, 0.1, Float64Array.of(1, 1e-20));
  expectClose([logExpectationExp(x, 0.1, Float64Array.of(1e-280, 1e-300))], [ratio], 1e-15, 1e-12);
  expectClose([logExpectationExp(x, 0.1, Float64Array.of(1e300, 1e280))], [ratio], 1e-15, 1e-12);
});
