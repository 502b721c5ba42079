import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WeightQuantiles, type WorstCase, worstCaseWeights } from '../../src/experiment/score-analysis.ts';
import { expectClose } from '../support/close.ts';

const scoreLists = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 })
  .map((list) => Float64Array.from(list));
const temperature = fc.double({ min: 0.05, max: 20, noNaN: true });

const worstOf = (scores: Float64Array, tau: number) => {
  const logWeights = new Float64Array(scores.length).fill(Number.NaN);
  return { ...worstCaseWeights(scores, tau, logWeights), logWeights };
};
const sumOf = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

/** From the definitions. */
function oracle(scores: Float64Array, tau: number): WorstCase & { logWeights: Float64Array } {
  const n = scores.length;
  const terms = scores.map((s) => Math.exp(s / tau));
  const p = terms.map((term) => term / sumOf(terms));
  const mean = sumOf(scores) / n;
  return {
    mean,
    variance: sumOf(scores.map((s) => (s - mean) ** 2)) / n,
    logExpectationExp: tau * Math.log(sumOf(terms) / n),
    effectiveShare: 1 / sumOf(p.map((x) => x * x)) / n,
    radius: sumOf(p.map((x) => x * Math.log(n * x))),
    logWeights: p.map((x) => Math.log(n * x)),
  };
}

test('equals the definitions', () => {
  fc.assert(
    fc.property(scoreLists, temperature, (scores, tau) => {
      const got = worstOf(scores, tau);
      const expected = oracle(scores, tau);
      for (const name of ['mean', 'variance', 'logExpectationExp', 'effectiveShare', 'radius'] as const)
        expectClose([got[name]], [expected[name]], 1e-13, 1e-12, name);
      expectClose(got.logWeights, expected.logWeights, 1e-13, 1e-12);
    }),
  );
});

test('η lies in [0, log n] and falls with τ, the share in (0, 1] rises; LEE_τ = E_p[s] − τ·η', () => {
  fc.assert(
    fc.property(scoreLists, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (scores, tau) => {
      const { radius, effectiveShare, logExpectationExp, logWeights } = worstOf(scores, tau);
      const n = scores.length;
      expect(radius).toBeGreaterThanOrEqual(0);
      expect(radius).toBeLessThanOrEqual(Math.log(n) + 1e-12);
      expect(effectiveShare).toBeGreaterThan(0);
      expect(effectiveShare).toBeLessThanOrEqual(1);
      const warmer = worstOf(scores, 2 * tau);
      expect(warmer.radius).toBeLessThanOrEqual(radius + 1e-12);
      expect(warmer.effectiveShare).toBeGreaterThanOrEqual(effectiveShare - 1e-12);
      const worstMean = sumOf(scores.map((s, j) => (Math.exp(logWeights[j]!) / n) * s));
      expectClose([worstMean - tau * radius], [logExpectationExp], 1e-11, 1e-11);
    }),
  );
});

// Two scores ±s: with x = s/τ the radius is x·tanh x − log cosh x = x²/2 − x⁴/4 + …
test.each([1, 1e3, 1e6, 1e12, 1e100])('a small radius does not cancel: τ = %d', (tau) => {
  const x = 1e-3 / tau;
  const { radius } = worstOf(Float64Array.of(1e-3, -1e-3), tau);
  expectClose([radius], [x ** 2 / 2 - x ** 4 / 4], 0, 1e-12);
});

test('the series and the closed form of the radius meet', () => {
  for (const x of [0.2, 0.249, 0.251, 0.3]) {
    const { radius } = worstOf(Float64Array.of(x, -x), 1);
    expectClose([radius], [x * Math.tanh(x) - Math.log(Math.cosh(x))], 0, 1e-13);
  }
});

test('τ → ∞: all negatives count alike; τ → 0: one of n does', () => {
  const scores = Float64Array.of(0.5, -0.25, 0.125, 0);
  for (const tau of [1e9, Infinity]) {
    const { radius, effectiveShare, logWeights } = worstOf(scores, tau);
    expectClose([radius, effectiveShare, ...logWeights], [0, 1, 0, 0, 0, 0], 1e-9, 0);
  }
  expectClose([worstOf(scores, 1e-3).radius, worstOf(scores, 1e-3).effectiveShare], [Math.log(4), 1 / 4], 1e-12, 0);
  expect(worstOf(Float64Array.of(0.7), 0.1)).toMatchObject({ radius: 0, effectiveShare: 1, variance: 0 });
});

test('scores far out, as inner products can be', () => {
  const { radius, effectiveShare } = worstOf(Float64Array.of(1e4, -1e4, 1e4, 0), 0.01);
  expectClose([radius, effectiveShare], [Math.log(2), 1 / 2], 1e-10, 0);
});

test('quantiles: of sorted weights, to 1/8192', () => {
  const shares = fc.double({ min: 1e-3, max: 1, noNaN: true });
  const users = fc.array(scoreLists, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(users, temperature, shares, (lists, tau, share) => {
      const quantiles = new WeightQuantiles(12);
      const all: number[] = [];
      for (const scores of lists) {
        const { logWeights } = worstOf(scores, tau);
        quantiles.add(logWeights);
        all.push(...logWeights.map(Math.exp));
      }
      all.sort((a, b) => a - b);
      const at = all[Math.ceil(share * all.length) - 1]!;
      const { quantile, weight } = quantiles.at(share);
      expect(quantile).toBe(share);
      // A weight on the edge of a bin may stand in the next one; others may stand between the two.
      expectClose([weight], [at], 2e-16, 1.3e-4);
      expect(quantiles.at(1).weight).toBe(all.at(-1));
    }),
  );
});

test('quantiles: weights too small for a bin are 0', () => {
  const quantiles = new WeightQuantiles(4);
  quantiles.add(Float64Array.of(-Infinity, -1e7, -37.5, Math.log(4)));
  const weights = [0.5, 0.75, 0.76, 1].map((share) => quantiles.at(share).weight);
  expectClose(weights, [0, 0, 4, 4], 0, 1.3e-4);
  expect(weights[3]).toBe(4);
});
