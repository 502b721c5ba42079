import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareUsers } from '../../src/evaluation/compare.ts';
import { compareRuns, deviation, holm, mean, meanCell } from '../../src/experiment/statistics.ts';
import { expectClose } from '../support/close.ts';
import { errorOf } from '../support/error-of.ts';

const numbers = (minLength: number) => fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength });

describe('mean and deviation', () => {
  it('of a worked sample, and of one value', () => {
    expect(meanCell([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, deviation: Math.sqrt(32 / 7) });
    expect(meanCell([0.3])).toEqual({ mean: 0.3 });
  });
  it('the deviation is the mean square difference of pairs, and a shift leaves it', () => {
    fc.assert(
      fc.property(numbers(2), (values) => {
        const n = values.length;
        const squares = values.flatMap((x) => values.map((y) => (x - y) ** 2)).reduce((a, b) => a + b, 0);
        expectClose([deviation(values) ** 2], [squares / (2 * n * (n - 1))], 1e-9, 1e-9);
        const moved = values.map((x) => x + 10);
        expectClose([mean(moved), deviation(moved)], [mean(values) + 10, deviation(values)], 1e-9, 1e-9);
      }),
    );
  });
  it.each([mean, deviation, meanCell])('%o refuses no values', (statistic) => {
    expect(errorOf(() => statistic([])).message).toBe('Option values: got "none", expected at least 1.');
  });
});

describe('compareRuns', () => {
  const run = (ndcg: number[], recall: number[], users: string[] = ['x', 'y', 'z']) => {
    return { users, columns: { 'ndcg@20': ndcg, 'recall@20': recall } };
  };
  const options = { resamples: 50 };
  // Dyadic numbers: their means are exact in any order.
  const a = [run([0.125, 0.25, 0.5], [0, 1, 1]), run([0.75, 0.375, 0.125], [1, 1, 0], ['z', 'x', 'y'])];
  const b = [run([0.5, 0.25, 0.125], [1, 0, 0]), run([0.25, 0.5, 0.125], [1, 1, 0]), run([0, 0, 0.125], [1, 0.5, 0])];

  it('with one run a side is compareUsers', () => {
    expect(compareRuns(a.slice(0, 1), b.slice(0, 1), options)).toEqual(compareUsers(a[0]!, b[0]!, options));
  });
  it('compares users by their means over the runs, matched by id', () => {
    const means = [run([0.25, 0.1875, 0.625], [0.5, 0.5, 1]), run([0.25, 0.25, 0.125], [1, 0.5, 0])] as const;
    expect(compareRuns(a, b, options)).toEqual(compareUsers(...means, options));
  });
  it('keeps the metrics that every run has', () => {
    const less = { users: ['x', 'y', 'z'], columns: { 'ndcg@20': [0, 0, 0] } };
    expect(compareRuns([...a, less], b, options).metrics.map(({ metric }) => metric)).toEqual(['ndcg@20']);
  });
  it('refuses runs of other users, and a side without a run', () => {
    const other = run([0, 0, 0], [0, 0, 0], ['x', 'y', 'w']);
    expect(errorOf(() => compareRuns([...a, other], b)).message).toContain(
      'users of the runs of A: got 3 in one, 3 in another, 2 in both, expected the same',
    );
    expect(errorOf(() => compareRuns(a, [...b, run([0, 0], [0, 0], ['x', 'y'])])).code).toBe('not-comparable');
    expect(errorOf(() => compareRuns(a, [])).message).toContain('runs of B: got "none"');
  });
});

describe('holm', () => {
  const pValues = fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.01, 0.5, 1)), {
    maxLength: 7,
  });

  it('is the closed test of Bonferroni: the worst of all sets that hold the comparison', () => {
    fc.assert(
      fc.property(pValues, (ps) => {
        const worst = ps.map(() => 0);
        for (let set = 1; set < 1 << ps.length; set++) {
          const members = ps.map((_, at) => at).filter((at) => set & (1 << at));
          const p = Math.min(1, members.length * Math.min(...members.map((at) => ps[at]!)));
          for (const at of members) worst[at] = Math.max(worst[at]!, p);
        }
        expectClose(holm(ps), worst, 0, 1e-15);
      }),
    );
  });
  it('worked by hand', () => {
    expectClose(holm([0.04, 0.01, 0.03]), [0.06, 0.03, 0.06], 1e-15, 0);
    expect(holm([])).toEqual([]);
  });
  it.each([-0.1, 1.1, Number.NaN])('refuses %d', (p) => {
    expect(errorOf(() => holm([0.5, p])).message).toContain('expected numbers in [0, 1]');
  });
});
