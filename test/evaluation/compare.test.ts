import { describe, expect, it } from 'vitest';
import { compareResults, compareUsers } from '../../src/evaluation/compare.ts';
import type { ResultFile } from '../../src/evaluation/result-file.ts';
import { pairedBootstrap, pairedTTest } from '../../src/evaluation/significance.ts';

const a = {
  users: ['x', 'y', 'z', 'only a'],
  columns: { 'ndcg@20': [0.1, 0.2, 0.3, 9], 'recall@20': [0, 0, 1, 9], 'only@a': [1, 1, 1, 1] },
};
const b = { users: ['z', 'x', 'only b', 'y'], columns: { 'recall@20': [1, 1, 9, 0], 'ndcg@20': [0.5, 0.1, 9, 0.6] } };

describe('compareUsers', () => {
  it('matches users by id and metrics by name, whatever their order', () => {
    const { users, onlyA, onlyB, metrics } = compareUsers(a, b);
    expect({ users, onlyA, onlyB }).toEqual({ users: 3, onlyA: 1, onlyB: 1 });
    expect(metrics.map(({ metric }) => metric)).toEqual(['ndcg@20', 'recall@20']);
    const [ndcg, recall] = metrics;
    expect(ndcg!.a).toBeCloseTo((0.1 + 0.2 + 0.3) / 3, 14);
    expect(ndcg!.b).toBeCloseTo((0.1 + 0.6 + 0.5) / 3, 14);
    expect(ndcg!.difference).toBeCloseTo((0 + 0.4 + 0.2) / 3, 14);
    expect(recall!.difference).toBeCloseTo(1 / 3, 14);
    const differences = [
      [0, 0.6 - 0.2, 0.5 - 0.3],
      [1, 0, 0],
    ];
    const [first, second] = pairedBootstrap(differences);
    expect(ndcg).toMatchObject({
      low: first!.low,
      high: first!.high,
      p: first!.p,
      tTest: pairedTTest(differences[0]!),
    });
    expect(recall).toMatchObject({
      low: second!.low,
      high: second!.high,
      p: second!.p,
      tTest: pairedTTest(differences[1]!),
    });
  });

  it('a run against itself: no difference, p = 1', () => {
    for (const { difference, low, high, p, tTest } of compareUsers(a, a, { resamples: 50 }).metrics) {
      expect({ difference, low, high, p, t: tTest.p }).toEqual({ difference: 0, low: 0, high: 0, p: 1, t: 1 });
    }
  });

  it('refuses runs that share fewer than two users, or no metric', () => {
    const one = { users: ['x', 'other'], columns: { 'ndcg@20': [1, 1] } };
    expect(() => compareUsers(a, one)).toThrow(expect.objectContaining({ code: 'not-comparable' }));
    expect(() => compareUsers(a, { ...b, columns: { 'ndcg@10': [1, 1, 1, 1] } })).toThrow(/metrics: got none/);
  });
});

describe('compareResults', () => {
  const file = (perUser: ResultFile['perUser'], sha = 'a', protocol: ResultFile['protocol'] = 'clean'): ResultFile => {
    return {
      format: 'taurec-result',
      version: 1,
      protocol,
      data: { sha256: sha.repeat(64) },
      users: 4,
      ranked: 4,
      metrics: {},
      perUser,
    };
  };

  it('compares the per-user numbers of two files', () => {
    expect(compareResults(file(a), file(b), { resamples: 50 })).toEqual(compareUsers(a, b, { resamples: 50 }));
  });
  it('refuses different protocols, different data unless asked for, and files without per-user numbers', () => {
    expect(() => compareResults(file(a), file(b, 'a', 'irbench'))).toThrow(/clean and irbench/);
    expect(() => compareResults(file(a), file(b, 'b'))).toThrow(/aaaaaaaaaaaa… and bbbbbbbbbbbb…/);
    expect(compareResults(file(a), file(b, 'b'), { otherData: true }).users).toBe(3);
    expect(() => compareResults(file(a), file(undefined))).toThrow(/per-user numbers of B/);
  });
});
