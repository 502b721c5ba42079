import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csrDegree } from '../../src/array/csr.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { popularRanker } from '../../src/evaluation/baselines.ts';
import { evaluate, evaluateSync, type Protocol } from '../../src/evaluation/evaluator.ts';
import { csrOf, type EvaluationCase, evaluationCases } from '../support/evaluation-case.ts';
import { draws } from '../support/property-seed.ts';
import { scoreMatrixRanker } from '../support/score-matrix-ranker.ts';

const ks = [1, 3, 20];

/** All metrics from the definitions, by a full sort of each user's row of scores. */
function oracle({ scores, train, valid, test }: EvaluationCase, protocol: Protocol): Record<string, number> {
  const items = scores[0]!.length;
  const divisor =
    protocol === 'irbench'
      ? Math.max(train.length, test.length)
      : train.filter((_, user) => test[user]!.length > 0).length;
  const sums: Record<string, number> = {};
  const add = (name: string, value: number) => {
    sums[name] = (sums[name] ?? 0) + value;
  };
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const popularity = (item: number) => train.filter((row) => row.includes(item)).length;
  const shown: Record<number, number[]> = Object.fromEntries(ks.map((k) => [k, []]));
  const lists: Record<number, number[][]> = Object.fromEntries(ks.map((k) => [k, []]));
  for (let user = 0; user < train.length; user++) {
    const relevant = test[user]!;
    if (relevant.length === 0) continue;
    const masked = [...train[user]!, ...(protocol === 'clean' ? valid[user]! : [])];
    const order = scores[user]!.map((score, item) => ({ score, item }))
      .filter(({ item }) => !masked.includes(item))
      .sort((a, b) => b.score - a.score || a.item - b.item)
      .map(({ item }) => item);
    for (const k of ks) {
      const list = order.slice(0, k);
      const hit = list.map((item) => (relevant.includes(item) ? 1 : 0));
      const hits = sum(hit);
      add(`recall@${k}`, hits / relevant.length);
      add(`precision@${k}`, hits / k);
      add(`hitrate@${k}`, hits > 0 ? 1 : 0);
      const ideal = sum(Array.from({ length: Math.min(k, relevant.length) }, (_, p) => 1 / Math.log2(p + 2)));
      add(`ndcg@${k}`, sum(hit.map((h, p) => h / Math.log2(p + 2))) / ideal);
      add(`mrr@${k}`, hits > 0 ? 1 / (hit.indexOf(1) + 1) : 0);
      add(`map@${k}`, sum(hit.map((h, p) => (h * sum(hit.slice(0, p + 1))) / (p + 1))) / Math.min(k, relevant.length));
      shown[k]!.push(...list);
      if (list.length > 0) lists[k]!.push(list);
    }
    const irrelevant = order.filter((item) => !relevant.includes(item));
    const right = relevant.flatMap((t) =>
      irrelevant.map((n) => (order.includes(t) && order.indexOf(t) < order.indexOf(n) ? 1 : 0)),
    );
    add('auc', right.length > 0 ? sum(right) / right.length : 1 / 2);
  }
  const metrics = Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, value / divisor]));
  for (const k of ks) {
    const exposure = scores[0]!.map((_, item) => shown[k]!.filter((other) => other === item).length);
    metrics[`coverage@${k}`] = new Set(shown[k]).size / items;
    // Gini as half the relative mean absolute difference.
    const differences = sum(exposure.flatMap((a) => exposure.map((b) => Math.abs(a - b))));
    metrics[`gini@${k}`] = sum(exposure) > 0 ? differences / (2 * items * sum(exposure)) : 0;
    const meanOver = (value: (item: number) => number) =>
      sum(lists[k]!.map((list) => sum(list.map(value)) / list.length)) / Math.max(1, lists[k]!.length);
    metrics[`popularity@${k}`] = meanOver(popularity);
    metrics[`novelty@${k}`] = meanOver((item) => -Math.log2(Math.max(1, popularity(item)) / train.length));
  }
  return metrics;
}

const run = (c: EvaluationCase, options: Partial<Parameters<typeof evaluateSync>[1]> = {}) => {
  const items = c.scores[0]!.length;
  return evaluateSync(scoreMatrixRanker(c.scores), {
    train: csrOf(items, c.train),
    valid: csrOf(items, c.valid),
    test: csrOf(c.testItems, c.test),
    protocol: 'clean',
    ks,
    auc: true,
    ...options,
  });
};

describe('evaluate', () => {
  it.each(['clean', 'irbench'] as const)('equals the brute-force oracle under %s', (protocol) => {
    fc.assert(
      fc.property(evaluationCases, (c) => {
        const expected = oracle(c, protocol);
        const { metrics } = run(c, { protocol });
        expect(Object.keys(metrics).sort()).toEqual(Object.keys(expected).sort());
        for (const name in expected) expect(metrics[name], name).toBeCloseTo(expected[name]!, 12);
      }),
      draws(300),
    );
  });

  it('is the same to the last bit for every block size', () => {
    fc.assert(
      fc.property(evaluationCases, fc.integer({ min: 1, max: 8 }), (c, blockSize) => {
        expect(run(c, { blockSize, groups: true, perUser: true })).toEqual(run(c, { groups: true, perUser: true }));
      }),
    );
  });

  it("the mean of a user column is the metric, and the groups' contributions sum to it", () => {
    fc.assert(
      fc.property(evaluationCases, fc.constantFrom<Protocol>('clean', 'irbench'), (c, protocol) => {
        const { metrics, perUser, groups, users } = run(c, { protocol, perUser: true, groups: { count: 3 } });
        const mean = (values: Iterable<number>, n: number) => [...values].reduce((a, b) => a + b, 0) / n;
        expect(perUser!.users).toHaveLength(users);
        for (const [name, column] of Object.entries(perUser!.columns))
          expect(mean(column, users), name).toBe(metrics[name]);
        for (const [name, parts] of Object.entries(groups!.contributions))
          expect(mean(parts, 1)).toBeCloseTo(metrics[name]!, 12);
      }),
    );
  });

  // Items a b c d; user 0 has a in train, b in validation, c and the cold item 4 in test; user 1 nothing in test; user 2 stands only in test.
  const worked: EvaluationCase = {
    scores: [
      [9, 8, 7, 6],
      [1, 2, 3, 4],
    ],
    train: [[0], [1]],
    valid: [[1], []],
    test: [[2, 4], [], [3]],
    testItems: 5,
  };

  it('clean: c is first when a and b are masked; one user counts', () => {
    const { users, ranked, metrics } = run(worked, { ks: [1] });
    expect({ users, ranked }).toEqual({ users: 1, ranked: 1 });
    expect(metrics).toMatchObject({ 'recall@1': 1 / 2, 'ndcg@1': 1, 'hitrate@1': 1, auc: 1 / 2 });
  });
  it('irbench: b crowds the list; three users count', () => {
    const { users, ranked, metrics, perUser } = run(worked, { ks: [1, 2], protocol: 'irbench', perUser: true });
    expect({ users, ranked }).toEqual({ users: 3, ranked: 1 });
    expect(metrics).toMatchObject({ 'recall@1': 0, 'recall@2': 1 / 2 / 3, 'mrr@2': 1 / 2 / 3 });
    expect([...perUser!.users]).toEqual([0, 1, 2]);
    expect([...perUser!.columns['recall@2']!]).toEqual([1 / 2, 0, 0]);
  });
  it('validation is measured without masking it', () => {
    const { metrics } = run(worked, { valid: undefined, test: csrOf(4, worked.valid), ks: [1] });
    expect(metrics['recall@1']).toBe(1);
  });

  it('a sample holds the number asked for, depends on its seed alone, and covers everyone when large', () => {
    const n = 40;
    const c: EvaluationCase = {
      scores: Array.from({ length: n }, (_, user) => [user % 3, user % 2, 1]),
      train: Array.from({ length: n }, () => []),
      valid: [],
      test: Array.from({ length: n }, (_, user) => [user % 3]),
      testItems: 3,
    };
    const sample = (count: number, seed: number) => run(c, { sample: { count, seed }, perUser: true }).perUser!.users;
    expect(sample(10, 1)).toHaveLength(10);
    expect(sample(10, 1)).toEqual(sample(10, 1));
    expect(sample(10, 1)).not.toEqual(sample(10, 2));
    expect([...sample(10, 1)]).toEqual([...new Set(sample(10, 1))].sort((a, b) => a - b));
    expect(sample(100, 1)).toHaveLength(n);
  });

  it('takes a whole dataset, and says so when it has no test part', () => {
    const dataset: Dataset = syntheticDataset({ users: 40, items: 30, interactions: 400, validRatio: 0.1, seed: 1 });
    const { train, valid, test } = dataset;
    const ranker = popularRanker(train);
    const parts = evaluateSync(ranker, { train, valid, test, protocol: 'clean', perUser: true });
    expect(evaluateSync(ranker, { ...dataset, protocol: 'clean', perUser: true })).toEqual(parts);
    expect(parts.users).toBe(
      Array.from({ length: train.rows }, (_, u) => csrDegree(test!, u)).filter((n) => n > 0).length,
    );
    const without = () => evaluateSync(ranker, { ...dataset, test: undefined, protocol: 'clean' });
    expect(without).toThrow(
      expect.objectContaining({ code: 'bad-option', facts: expect.objectContaining({ option: 'test' }) }),
    );
  });

  it('reports progress up to the ranked users and stops on request', () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const twice: EvaluationCase = { ...worked, test: [[2], [3]], testItems: 4 };
    run(twice, { blockSize: 1, onProgress: ({ done, total }) => seen.push(done / total) });
    expect(seen).toEqual([1 / 2, 1]);
    const stopped = () => run(twice, { blockSize: 1, signal: controller.signal, onProgress: () => controller.abort() });
    expect(stopped).toThrow(expect.objectContaining({ code: 'aborted' }));
  });

  it('asynchronously: the same result, and a signal is heard between two blocks', async () => {
    const dataset = syntheticDataset({ users: 60, items: 30, interactions: 600, seed: 1 });
    const ranker = popularRanker(dataset.train);
    const options = { ...dataset, protocol: 'clean', perUser: true, groups: true, blockSize: 1 } as const;
    expect(await evaluate(ranker, options)).toEqual(evaluateSync(ranker, options));
    const controller = new AbortController();
    setTimeout(() => controller.abort());
    const done: number[] = [];
    const onProgress = (progress: { done: number }) => void done.push(progress.done);
    const stopped = evaluate(ranker, { ...options, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
    expect(done.length).toBeLessThan(dataset.train.rows / 2);
  });

  it.each([
    ['bad-option', { ks: [] }],
    ['bad-option', { ks: [5, 5] }],
    ['bad-option', { ks: [0] }],
    ['bad-option', { blockSize: 0.5 }],
    ['bad-option', { sample: { count: 0, seed: 1 } }],
    ['bad-option', { groups: { count: 0 } }],
    ['unknown-name', { protocol: 'clear' as Protocol }],
    ['evaluation-shape', { train: csrOf(3, [[0], [1]]) }],
    ['no-test-users', { test: csrOf(5, [[], [], [3]]) }],
  ])('refuses with %s: %o', (code, options) => {
    expect(() => run(worked, options)).toThrow(expect.objectContaining({ code }));
  });
});
