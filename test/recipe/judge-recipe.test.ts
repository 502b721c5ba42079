import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/experiment/run.ts';
import { judgeRecipe, type Recipe, summarizeRecipe, type Tolerance } from '../../src/recipe/recipe.ts';

const run = (metrics: Record<string, number>) =>
  ({ evaluations: { clean: { metrics }, irbench: { metrics: {} } } }) as unknown as RunRecord;
const ndcg = (value: number) => run({ 'ndcg@20': value });
const expected = { clean: { 'ndcg@20': 0.1 } };

test('the mean over the seeds counts, within the tolerance to either side', () => {
  const passed = (tolerance: Tolerance | undefined, ...values: number[]) =>
    judgeRecipe({ expected, tolerance }, values.map(ndcg)).every((check) => check.passed);
  expect(passed({ absolute: 0.01 }, 0.08, 0.12)).toBe(true);
  expect(passed({ absolute: 0.01 }, 0.111)).toBe(false);
  expect(passed({ absolute: 0.01 }, 0.089)).toBe(false);
  expect(passed({ relative: 0.2 }, 0.081)).toBe(true);
  expect(passed({ relative: 0.2 }, 0.079)).toBe(false);
  expect(passed(undefined, 0.1019)).toBe(true);
  expect(passed(undefined, 0.1021)).toBe(false);
});

test('what passes lies within the tolerance, and nothing else', () => {
  const share = fc.double({ min: 0.001, max: 0.5, noNaN: true });
  const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(values, share, (seeds, relative) => {
      const [check] = judgeRecipe({ expected, tolerance: { relative } }, seeds.map(ndcg));
      const mean = seeds.reduce((sum, value) => sum + value, 0) / seeds.length;
      const distance = Math.abs(mean - 0.1) - relative * 0.1;
      fc.pre(Math.abs(distance) > 1e-9);
      expect(check!.passed).toBe(distance < 0);
    }),
  );
});

test('the deviation is that of the sample', () => {
  const [check] = judgeRecipe({ expected, tolerance: { absolute: 1 } }, [0.1, 0.2, 0.3].map(ndcg));
  expect(check!.deviation).toBeCloseTo(0.1, 12);
});

test('a metric that a run lacks is a miss', () => {
  const runs = [run({ 'recall@20': 0.1 }), ndcg(0.1)];
  expect(judgeRecipe({ expected, tolerance: { absolute: 1 } }, runs)[0]!.passed).toBe(false);
});

test('a summary stands beside what is expected and published, by metric and evaluator', () => {
  const published = [
    { metric: 'ndcg@20', value: 0.09, protocol: 'irbench', what: 'SL, MF', source: 'a paper' },
  ] as const;
  const recipe: Recipe = {
    ...{ name: 'one', data: 'tiny', choice: 'last', chosen: 'validated', config: {}, seeds: [1] },
    expected: { clean: { 'ndcg@20': 0.1, 'recall@5': 0.2 } },
    published,
  };
  const summaries = summarizeRecipe(recipe, [run({ 'ndcg@20': 0.11, 'recall@20': 0.3, 'recall@5': 0.2 })]);
  const rows = summaries.map(({ protocol, metric, expected, published }) => [protocol, metric, expected, published]);
  expect(rows).toEqual([
    ['clean', 'ndcg@20', 0.1, []],
    ['clean', 'recall@20', undefined, []],
    ['clean', 'recall@5', 0.2, []],
    ['irbench', 'ndcg@20', undefined, published],
    ['irbench', 'recall@20', undefined, []],
  ]);
});
