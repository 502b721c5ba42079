import { describe, expect, test } from 'vitest';
import { claimOf, moreThan, signOf } from '../../src/experiment/findings.ts';
import type { RunRecord } from '../../src/experiment/run.ts';

const settings = { metric: 'ndcg@20', protocol: 'clean' } as const;
const runs = (...values: number[]) =>
  values.map((value) => ({ evaluations: { clean: { metrics: { 'ndcg@20': value } } } }) as unknown as RunRecord);

describe('a difference', () => {
  test.each([
    [[0.01, 0.011, 0.012], 'held'],
    [[-0.01, -0.011, -0.012], 'not held'],
    // mean 1/300, standard error .008819
    [[0.02, -0.01, 0], 'unclear'],
    [[0, 0, 0], 'unclear'],
    [[0.01], 'unclear'],
    // two seeds decide nothing, however alike
    [[0.01, 0.01], 'unclear'],
    // mean .01, standard error .003: t 3.3, below the 4.3 of two degrees of freedom
    [[0.004, 0.012, 0.014], 'unclear'],
    [[0.006, 0.012, 0.012], 'held'],
  ])('%j over seeds: %s', (differences, verdict) => {
    expect(signOf(differences)).toBe(verdict);
  });

  test('is taken seed by seed, and told with both means and the gain', () => {
    const observation = moreThan('films', ['bsl', runs(0.11, 0.22, 0.33)], ['sl', runs(0.1, 0.21, 0.32)], settings);
    expect(observation).toEqual({ verdict: 'held', text: 'films: bsl .2200 against sl .2100 (+4.8%)' });
  });

  test('of one seed says so', () => {
    const { verdict, text } = moreThan('films', ['bsl', runs(0.2)], ['sl', runs(0.1)], settings);
    expect([verdict, text]).toEqual(['unclear', 'films: bsl .2000 against sl .1000 (+100.0%, one seed)']);
  });
});

describe('a claim', () => {
  const seen = (verdict: 'held' | 'not held' | 'unclear') => ({ verdict, text: verdict });

  test.each([
    [['held', 'held'], 'held'],
    [['held', 'unclear'], 'unclear'],
    [['held', 'not held', 'unclear'], 'not held'],
    [[], 'unclear'],
  ] as const)('with observations %j: %s', (verdicts, expected) => {
    expect(claimOf('so it is', verdicts.map(seen)).verdict).toBe(expected);
  });

  test('names all observations', () => {
    expect(claimOf('so it is', [seen('held'), seen('not held')]).evidence).toBe('held; not held');
    expect(claimOf('so it is', []).evidence).toBe('nothing was measured');
  });
});
