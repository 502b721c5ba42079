import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadMetric } from '../../src/evaluation/custom-metrics.ts';
import { evaluateSync, type Protocol } from '../../src/evaluation/evaluator.ts';
import type { RankMetric } from '../../src/evaluation/metrics.ts';
import { errorOf, rejectionOf } from '../support/error-of.ts';
import { csrOf, type EvaluationCase, evaluationCases } from '../support/evaluation-case.ts';
import { draws } from '../support/property-seed.ts';
import { scoreMatrixRanker } from '../support/score-matrix-ranker.ts';

const ks = [1, 3, 20];
const path = fileURLToPath(new URL('modules/metrics.mjs', import.meta.url));

const run = (c: EvaluationCase, options: Partial<Parameters<typeof evaluateSync>[1]> = {}) => {
  const items = c.scores[0]!.length;
  return evaluateSync(scoreMatrixRanker(c.scores), {
    train: csrOf(items, c.train),
    test: csrOf(c.testItems, c.test),
    protocol: 'clean',
    ks,
    perUser: true,
    groups: true,
    ...options,
  });
};

/** Rank-biased precision of one user at k, by a full sort of the row of scores. */
function rankBiased(c: EvaluationCase, user: number, k: number, p: number): number {
  if (user >= c.train.length) return 0;
  const list = c.scores[user]!.map((score, item) => ({ score, item }))
    .filter(({ item }) => !c.train[user]!.includes(item))
    .sort((a, b) => b.score - a.score || a.item - b.item)
    .slice(0, k);
  return list.reduce((sum, { item }, at) => sum + (c.test[user]!.includes(item) ? (1 - p) * p ** at : 0), 0);
}

describe('extra metrics', () => {
  it.each(['clean', 'irbench'] as const)('equal brute force, for every user, under %s', async (protocol: Protocol) => {
    const rbp = await loadMetric({ module: path, export: 'rankBiasedPrecision', options: { p: 0.6 } });
    fc.assert(
      fc.property(evaluationCases, fc.integer({ min: 1, max: 8 }), (c, blockSize) => {
        const { metrics, perUser, users } = run(c, { protocol, blockSize, extraMetrics: { rbp } });
        for (const k of ks) {
          const expected = Array.from(perUser!.users, (user) => rankBiased(c, user, k, 0.6));
          expect([...perUser!.columns[`rbp@${k}`]!], `rbp@${k}`).toEqual(expected);
          expect(metrics[`rbp@${k}`]).toBe(expected.reduce((a, b) => a + b, 0) / users);
        }
      }),
    );
  });

  it('change no other number, and stand outside the groups', () => {
    fc.assert(
      fc.property(evaluationCases, (c) => {
        const plain = run(c, { auc: true });
        const { metrics, perUser, groups } = run(c, { auc: true, extraMetrics: { mine: () => 1, 'my-2': () => -1 } });
        expect(metrics).toMatchObject(plain.metrics);
        expect(perUser!.columns).toMatchObject(plain.perUser!.columns);
        expect(groups).toEqual(plain.groups);
        const added = Object.keys(metrics).filter((name) => !(name in plain.metrics));
        expect(added).toEqual(ks.flatMap((k) => [`mine@${k}`, `my-2@${k}`]));
      }),
      draws(20),
    );
  });

  const worked: EvaluationCase = { scores: [[3, 2, 1]], train: [[]], valid: [], test: [[0, 2]], testItems: 3 };

  it('get the hits below the cutoff, |T_u| and the cutoff', () => {
    const seen: unknown[] = [];
    const look: RankMetric = (hits, relevant, k) => seen.push([...hits], relevant, k) && 0;
    run(worked, { extraMetrics: { look } });
    // before that it is tried on one hit
    expect(seen).toEqual([[0], 1, 1, [0], 2, 1, [0, 2], 2, 3, [0, 2], 2, 20]);
  });

  it.each([
    ['recall', () => 1, 'got "recall", expected names of letters'],
    ['AUC', () => 1, 'got "AUC"'],
    ['gini', () => 1, 'other than the built-in recall'],
    ['a@5', () => 1, 'got "a@5"'],
    ['', () => 1, 'got ""'],
    ['mine', 3, 'Option extraMetrics.mine: got 3, expected a function (hits, relevant, k)'],
    ['mine', () => 'many', 'got "many", expected a finite number for hits [0], relevant 1, k 1'],
    ['mine', (hits: readonly number[]) => 1 / (3 - hits.length), ''],
    [
      'mine',
      (hits: readonly number[]) => 1 / (2 - hits.length),
      'got Infinity, expected a finite number for hits [0, 2]',
    ],
  ])('%s: %o is refused, or not: %s', (name, metric, message) => {
    const act = () => run(worked, { extraMetrics: { [name]: metric as RankMetric } });
    if (message === '') expect(act().metrics).toHaveProperty(['mine@3'], 1);
    else expect(errorOf(act).message).toContain(message);
  });
});

describe('loadMetric', () => {
  it.each([
    ['an absolute path', path],
    ['a relative path', `./${relative(process.cwd(), path)}`],
    ['a URL', new URL('modules/metrics.mjs', import.meta.url).href],
  ])('loads %s', async (_, module) => {
    expect((await loadMetric({ module }))([0, 1], 4, 20)).toBe(2 / 4);
  });

  it('takes a metric and a factory, with options or without', async () => {
    const of = async (name: string, options?: object) =>
      (await loadMetric({ module: path, export: name, options: { ...options } }))([1], 1, 5);
    expect(await of('withDefaults')).toBeCloseTo(0.2 * 0.8, 15);
    expect(await of('rankBiasedPrecision')).toBeCloseTo(0.2 * 0.8, 15);
    expect(await of('rankBiasedPrecision', { p: 0.5 })).toBe(0.25);
  });

  it.each([
    [{ module: './nowhere.mjs' }, 'metric-module', 'Cannot load metric module "./nowhere.mjs"'],
    [{ module: path, export: 'other' }, 'unknown-name', 'Unknown export of metric module'],
    [{ module: path, export: 'oneParameter' }, 'metric-module', 'a metric (hits, relevant, k) or a factory'],
    [{ module: path, export: 'notANumber' }, 'bad-option', 'got NaN, expected a finite number'],
    [{ module: path, export: 'factoryOfNothing' }, 'bad-option', 'expected a function (hits, relevant, k)'],
    [{ module: path, export: 'text' }, 'bad-option', 'got "recall", expected a function'],
  ])('refuses %o with %s', async (source, code, message) => {
    const error = await rejectionOf(loadMetric(source));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });
});
