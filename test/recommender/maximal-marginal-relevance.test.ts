import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyRows } from '../../src/array/half-matrix.ts';
import { type Matrix, matrix, row } from '../../src/array/matrix.ts';
import { randomStream } from '../../src/array/random.ts';
import { openEngine } from '../../src/engine/open-engine.ts';
import { candidateCount, MarginalRelevance } from '../../src/recommender/item-ranker.ts';
import type { RankedItem } from '../../src/recommender/list-ranker.ts';
import { draws } from '../support/property-seed.ts';

/** Cosine of two items in double precision. */
function cosine(items: Matrix, i: number, j: number): number {
  const direction = (r: number) => {
    const values = Float64Array.from(row(items, r));
    const length = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
    return values.map((x) => (length < 1e-12 ? 0 : x * (1 / length)));
  };
  const [a, b] = [direction(i), direction(j)];
  return a.reduce((sum, x, c) => sum + x * b[c]!, 0);
}

/** The rule as the paper has it: every place looks at every candidate and everything taken. */
function bruteForce(items: Matrix, candidates: readonly RankedItem[], k: number, diversity: number): RankedItem[] {
  const range = candidates[0]!.score - candidates.at(-1)!.score;
  const relevance = ({ score }: RankedItem) => (range > 0 ? 1 - (candidates[0]!.score - score) / range : 1);
  const list: RankedItem[] = [];
  while (list.length < Math.min(k, candidates.length)) {
    const rest = candidates.filter((candidate) => !list.includes(candidate));
    const value = (candidate: RankedItem) => {
      const nearest = list.length > 0 ? Math.max(...list.map((taken) => cosine(items, taken.item, candidate.item))) : 0;
      return (1 - diversity) * relevance(candidate) - diversity * nearest;
    };
    const values = rest.map(value);
    list.push(rest[values.indexOf(Math.max(...values))]!);
  }
  return list;
}

/** Items and candidates best first; with few levels many are alike, so that ties occur. */
function someCandidates(count: number, seed: number, levels?: number) {
  const random = randomStream(seed, 'candidates');
  const items = matrix(count + 5, 3);
  const value = () => (levels ? random.integer(levels) : random.normal());
  for (let i = 0; i < items.data.length; i++) items.data[i] = value();
  const scores = Array.from({ length: count }, value).sort((a, b) => b - a);
  return { items, candidates: scores.map((score, c) => ({ item: (c * 7 + seed) % count, score })) };
}

const shape = fc.record({
  seed: fc.nat(1e6),
  count: fc.constantFrom(1, 2, 5, 8, 20, 33),
  levels: fc.constantFrom(undefined, 2, 3),
  k: fc.integer({ min: 1, max: 40 }),
  diversity: fc.constantFrom(0, 0.01, 0.3, 0.5, 0.9, 1),
});

describe('maximal marginal relevance', () => {
  it('is what a brute-force statement of the rule gives, ties and all', () => {
    fc.assert(
      fc.property(shape, ({ seed, count, levels, k, diversity }) => {
        const { items, candidates } = someCandidates(count, seed, levels);
        const relevance = new MarginalRelevance(items);
        const expected = bruteForce(items, candidates, k, diversity);
        expect(relevance.pick(candidates, k, diversity)).toEqual(expected);
        // what a call left behind does not reach the next one
        relevance.pick(candidates.slice(0, 3), 2, 0.7);
        expect(relevance.pick(candidates, k, diversity)).toEqual(expected);
      }),
      draws(300),
    );
  });

  it('takes at every place a candidate that is the best to 32-bit precision, with the products of an engine', async () => {
    const { items, candidates } = someCandidates(300, 11);
    const engine = await openEngine({ users: 1, items: items.rows, dimension: items.columns, score: 'cosine' });
    copyRows(items, engine.items);
    expect(engine.products).toBeDefined();
    const list = new MarginalRelevance(engine.items, engine.products).pick(candidates, 120, 0.5);
    await engine.close();
    expect(new Set(list.map(({ item }) => item)).size).toBe(120);
    const range = candidates[0]!.score - candidates.at(-1)!.score;
    const taken: RankedItem[] = [];
    for (const next of list) {
      const value = ({ item, score }: RankedItem) =>
        0.5 * (1 - (candidates[0]!.score - score) / range) -
        0.5 * (taken.length > 0 ? Math.max(...taken.map((other) => cosine(items, other.item, item))) : 0);
      const best = Math.max(...candidates.filter((one) => !taken.includes(one)).map(value));
      expect(value(next)).toBeGreaterThan(best - 1e-6);
      taken.push(next);
    }
  });

  it('keeps the order at diversity 0 and the first item at any', () => {
    fc.assert(
      fc.property(shape, ({ seed, count, k, diversity }) => {
        const { items, candidates } = someCandidates(count, seed);
        const relevance = new MarginalRelevance(items);
        expect(relevance.pick(candidates, k, 0)).toEqual(candidates.slice(0, k));
        expect(relevance.pick(candidates, k, diversity)[0]).toEqual(candidates[0]);
      }),
    );
  });

  it('does not depend on the scale and origin of the scores', () => {
    const { items, candidates } = someCandidates(30, 4);
    const moved = candidates.map(({ item, score }) => ({ item, score: 4 * score - 8 }));
    const chosen = (from: readonly RankedItem[]) => new MarginalRelevance(items).pick(from, 10, 0.4).map((r) => r.item);
    expect(chosen(moved)).toEqual(chosen(candidates));
  });

  it('takes the item that is unlike the first before the one that is like it', () => {
    const items = matrix(3, 2, Float32Array.of(1, 0, 1, 0.01, 0, 1));
    const candidates = [0, 1, 2].map((item) => ({ item, score: 1 - item / 10 }));
    const order = (diversity: number) => new MarginalRelevance(items).pick(candidates, 3, diversity).map((r) => r.item);
    expect(order(0.3)).toEqual([0, 1, 2]);
    expect(order(0.4)).toEqual([0, 2, 1]);
  });

  it('items without direction are like nothing', () => {
    const items = matrix(3, 2);
    items.data[0] = 1;
    const candidates = [0, 1, 2].map((item) => ({ item, score: 1 - item }));
    expect(new MarginalRelevance(items).pick(candidates, 3, 1).map((r) => r.item)).toEqual([0, 1, 2]);
  });

  it('looks at 5k candidates, a hundred at least and a thousand at most, and never fewer than k', () => {
    expect([1, 10, 20, 21, 150, 200, 201, 1000, 5000].map(candidateCount)).toEqual([
      100, 100, 100, 105, 750, 1000, 1000, 1000, 5000,
    ]);
  });

  it('beyond a thousand places the rest follow as they ranked', () => {
    const { items, candidates } = someCandidates(1200, 3);
    const list = new MarginalRelevance(items).pick(candidates, 1100, 0.5);
    expect(list.slice(1000)).toEqual(candidates.slice(1000, 1100));
    expect(new Set(list.slice(0, 1000))).toEqual(new Set(candidates.slice(0, 1000)));
    expect(list.slice(0, 1000)).not.toEqual(candidates.slice(0, 1000));
  });
});
