import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coefficientOfVariation, GroupTally, popularityGroups } from '../../src/evaluation/groups.ts';

describe('popularityGroups', () => {
  it('by interactions: half of 12 interactions lies in one item', () => {
    const { groupOf, items, interactions } = popularityGroups([6, 1, 2, 3], 'interactions', 2);
    expect([...groupOf]).toEqual([1, 0, 0, 0]);
    expect([...items]).toEqual([3, 1]);
    expect([...interactions]).toEqual([6, 6]);
  });
  it('by items: equal numbers, ties by id', () => {
    const { groupOf } = popularityGroups([1, 1, 1, 9], 'items', 2);
    expect([...groupOf]).toEqual([0, 0, 1, 1]);
  });
  it('divides all items; a more popular item is never in a lower group; a group misses its share by less than one item', () => {
    const popularities = fc.array(fc.nat(50), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(popularities, fc.integer({ min: 1, max: 10 }), (popularity, count) => {
        const total = popularity.reduce((a, b) => a + b, 0);
        const largest = Math.max(...popularity);
        for (const by of ['interactions', 'items'] as const) {
          const { groupOf, items, interactions } = popularityGroups(popularity, by, count);
          expect(items.reduce((a, b) => a + b, 0)).toBe(popularity.length);
          expect(interactions.reduce((a, b) => a + b, 0)).toBe(total);
          for (let i = 0; i < popularity.length; i++) {
            for (let j = 0; j < i; j++)
              if (popularity[i]! > popularity[j]!) expect(groupOf[i]).toBeGreaterThanOrEqual(groupOf[j]!);
          }
          if (by === 'items') for (const n of items) expect(Math.abs(n - popularity.length / count)).toBeLessThan(1);
          else for (const n of interactions) expect(Math.abs(n - total / count)).toBeLessThanOrEqual(largest + 1e-9);
        }
      }),
    );
  });
});

it('a hit gives its group 1/|T| of recall and discount/ideal of NDCG; the spread is their coefficient of variation', () => {
  const tally = new GroupTally(popularityGroups([1, 1, 9, 9], 'items', 2), [2]);
  tally.add([3, 0, 1], [0, 1, 2], 3); // 3 in group 1, then 0 in group 0; the third place is beyond K
  tally.add([1, 2], [], 5);
  const ideal = 1 + 1 / Math.log2(3);
  const { contributions, spread } = tally.report(2);
  expect(contributions['recall@2']).toEqual([1 / 3 / 2, 1 / 3 / 2]);
  expect(contributions['ndcg@2']![0]).toBeCloseTo(1 / Math.log2(3) / ideal / 2, 14);
  expect(contributions['ndcg@2']![1]).toBeCloseTo(1 / ideal / 2, 14);
  expect(spread['recall@2']).toBe(0);
});

it('coefficient of variation: 0 when alike, √(n − 1) when one has all', () => {
  expect(coefficientOfVariation([2, 2, 2])).toBe(0);
  expect(coefficientOfVariation([0, 0, 0, 0, 7])).toBeCloseTo(Math.sqrt(4), 14);
  expect(coefficientOfVariation([0, 0])).toBe(0);
});
