import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { armOf, ratioArm, sequentialTest } from '../../src/evaluation/sequential-test.ts';
import { draws } from '../support/property-seed.ts';
import { falseAlarms, power } from './sequential-case.ts';

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const variance = (x: readonly number[]) => x.reduce((sum, v) => sum + (v - mean(x)) ** 2, 0) / (x.length - 1);

describe('the sides of a test', () => {
  const people = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 9 })), { minLength: 2, maxLength: 60 });

  test('mean and variance from sums are those of the list', () => {
    fc.assert(
      fc.property(people, (list) => {
        const y = list.map(([clicks]) => clicks);
        const sum = (f: (p: readonly [number, number]) => number) => list.reduce((total, p) => total + f(p), 0);
        const arm = armOf({
          people: list.length,
          active: y.filter((v) => v > 0).length,
          sum: sum(([clicks]) => clicks),
          squares: sum(([clicks]) => clicks * clicks),
        });
        expect(arm.mean).toBeCloseTo(mean(y), 10);
        expect(arm.variance).toBeCloseTo(variance(y), 8);
        // The linear terms of the ratio, written out.
        const r = sum(([c]) => c) / sum(([, n]) => n);
        const terms = list.map(([c, n]) => (c - r * n) / mean(list.map(([, m]) => m)));
        const ratio = ratioArm({
          people: list.length,
          active: arm.active,
          y: sum(([c]) => c),
          x: sum(([, n]) => n),
          yy: sum(([c]) => c * c),
          xx: sum(([, n]) => n * n),
          xy: sum(([c, n]) => c * n),
        });
        expect(ratio.mean).toBeCloseTo(r, 10);
        expect(ratio.variance).toBeCloseTo(variance(terms), 8);
      }),
      draws(100),
    );
  });
});

describe('sequentialTest', () => {
  const arm = (meanOf: number, people = 1000) => ({ people, active: people / 2, mean: meanOf, variance: 1 });

  test('p is below α exactly where the interval leaves 0 out', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        fc.integer({ min: 60, max: 50_000 }),
        fc.integer({ min: 100, max: 50_000 }),
        fc.double({ min: 0.5, max: 0.99, noNaN: true }),
        (difference, people, expected, level) => {
          const { low, high, p, verdict } = sequentialTest(arm(0, people), arm(difference, people), {
            level,
            expected,
          });
          expect((low + high) / 2).toBeCloseTo(difference, 9);
          if (Math.abs(p - (1 - level)) > 1e-9) expect(p < 1 - level).toBe(verdict !== 'undecided');
          expect(verdict).toBe(low > 0 ? 'better' : high < 0 ? 'worse' : 'undecided');
        },
      ),
      draws(200),
    );
  });

  test('is narrowest, against one look, at the expected number of people', () => {
    const width = (people: number) => {
      const { low, high } = sequentialTest(arm(0, people / 2), arm(0, people / 2), { expected: 4000 });
      return (high - low) * Math.sqrt(people);
    };
    const [before, at, after] = [2000, 4000, 8000].map(width) as [number, number, number];
    expect(at).toBeLessThan(before);
    expect(at).toBeLessThan(after);
  });

  test('decides nothing with too few people, and refuses what is no level', () => {
    const few = { people: 1000, active: 3, mean: 0.003, variance: 0.003 };
    expect(sequentialTest(few, arm(5))).toMatchObject({ verdict: 'undecided', p: 1, low: -Infinity, high: Infinity });
    expect(() => sequentialTest(few, few, { level: 1 })).toThrow('level');
    expect(() => sequentialTest(few, few, { expected: 0 })).toThrow('expected');
  });

  // By chance alone 400 tests of a rate of .05 stay below .083 with a probability of .998.
  test.each(['conversion', 'click-through'] as const)('%s: 400 equal pairs, a look a day', (measure) => {
    expect(falseAlarms(measure, 400, 11)).toBeLessThan(0.083);
  });

  test('finds a difference that is there', () => {
    expect(power('conversion', 100, 1.8, 5)).toBeGreaterThan(0.8);
  });
});
