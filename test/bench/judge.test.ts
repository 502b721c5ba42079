import { expect, test } from 'vitest';
import { judge } from '../../bench/quality/judge.mjs';

const run = (ndcg: number) => ({ metrics: { clean: { 'ndcg@20': ndcg } } });
const expected = { clean: { 'ndcg@20': 0.1 } };

test('the mean over the seeds counts, within the tolerance to either side', () => {
  const passed = (tolerance: { absolute: number } | { relative: number }, ...values: number[]) =>
    judge({ expected, tolerance }, values.map(run)).every((check) => check.passed);
  expect(passed({ absolute: 0.01 }, 0.08, 0.12)).toBe(true);
  expect(passed({ absolute: 0.01 }, 0.111)).toBe(false);
  expect(passed({ absolute: 0.01 }, 0.089)).toBe(false);
  expect(passed({ relative: 0.2 }, 0.081)).toBe(true);
  expect(passed({ relative: 0.2 }, 0.079)).toBe(false);
});

test('the spread is the standard deviation of the sample', () => {
  const [check] = judge({ expected, tolerance: { absolute: 1 } }, [run(0.1), run(0.2), run(0.3)]);
  expect(check!.spread).toBeCloseTo(0.1, 12);
});

test('a metric that a run lacks is a miss', () => {
  const runs = [{ metrics: { clean: { 'recall@20': 0.1 } } }, run(0.1)];
  expect(judge({ expected, tolerance: { absolute: 1 } }, runs)[0]!.passed).toBe(false);
});
