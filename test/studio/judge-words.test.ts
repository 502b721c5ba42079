import { expect, test } from 'vitest';
import { rankMetricNames } from '../../src/evaluation/metrics.ts';
import { figureRows, figuresText, groupsOf } from '../../src/studio/page/judge/figures.ts';
import { gainInWords, lacksPart, openings, openingsInWords } from '../../src/studio/page/judge/words.ts';
import { metricAbout, metricTitle } from '../../src/studio/page/parts/metric-names.ts';
import type { Judgement, RunInfo } from '../../src/studio/session.ts';

const gain = (ratio: number, low: number, high: number, against: 'popular' | 'item-knn' | 'random' = 'popular') =>
  gainInWords({ against, ratio, low, high });

test('a gain in words has half its interval as ±', () => {
  expect(gain(0.31, 0.27, 0.35)).toBe('31% ± 4 better than popularity');
  expect(gain(-0.12, -0.15, -0.09, 'item-knn')).toBe('12% ± 3 worse than item-kNN');
  expect(gain(0.016, 0.012, 0.02)).toBe('1.6% ± 0.4 better than popularity');
});

test('a gain whose interval holds 0 is no clear difference', () => {
  expect(gain(0.01, -0.03, 0.05)).toBe('no clear difference to popularity: between 3% worse and 5% better');
  expect(gain(0, 0, 0, 'random')).toContain('no clear difference to chance');
});

test('a gain of several times is told as such', () => {
  expect(gain(16, 14, 18, 'random')).toBe('17 times as good as chance (15 to 19)');
});

test('openings are counted by runs, and by judgements that know of runs that are gone', () => {
  const runs = [{ opened: 1 }, { opened: 2 }] as RunInfo[];
  expect(openings(runs, [])).toBe(3);
  expect(openings(runs, [{ opened: 5 }] as Judgement[])).toBe(5);
  expect(openings([], [])).toBe(0);
  expect(openingsInWords(0)).toContain('not been opened yet');
  expect(openingsInWords(1)).toContain('opened once');
  expect(openingsInWords(2)).toContain('opened twice');
  expect(openingsInWords(7)).toContain('opened 7 times');
});

test('only the failure of a missing part counts as one', () => {
  expect(lacksPart({ code: 'bad-option', message: '', facts: { option: 'part' } })).toBe(true);
  expect(lacksPart({ code: 'bad-option', message: '', facts: { option: 'ks' } })).toBe(false);
});

test('every metric of an evaluation has a title and words', () => {
  for (const name of [...rankMetricNames, 'coverage', 'gini', 'popularity', 'novelty', 'diversity', 'auc']) {
    expect(metricAbout(`${name}@20`), name).not.toBe('');
    expect(metricTitle(`${name}@5`)).toMatch(/@5$/);
  }
  expect(metricTitle('mine@3')).toBe('mine@3');
});

test('figures are copied in full, and groups are read from the evaluations', () => {
  const evaluation = (value: number, groups?: unknown) => ({ metrics: { 'ndcg@20': value }, groups }) as never;
  const judgement = {
    model: evaluation(1 / 3, { items: [3, 1], contributions: { 'ndcg@20': [0.1, 0.2] } }),
    baselines: {
      popular: evaluation(0.1, { items: [3, 1], contributions: { 'ndcg@20': [0, 0.1] } }),
      'item-knn': evaluation(0.2),
      random: evaluation(0.3),
    },
  } as unknown as Judgement;
  expect(figuresText(figureRows(judgement), 'Mine').split('\n')[1]).toBe(`NDCG@20\t${1 / 3}\t0.1\t0.2\t0.3`);
  expect(groupsOf(judgement, 'ndcg@20')).toEqual({
    items: [3, 1],
    model: [0.1, 0.2],
    others: [{ name: 'popular', values: [0, 0.1] }],
  });
  expect(groupsOf(judgement, 'recall@20')).toBeUndefined();
});
