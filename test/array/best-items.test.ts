import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BestItems } from '../../src/array/best-items.ts';

describe('BestItems', () => {
  it('keeps what sorting everything keeps, ties to the lower item, in any order of offers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 })),
        fc.integer({ min: 0, max: 12 }),
        fc.integer(),
        (scores, k, seed) => {
          const entries = scores.map((score, item) => ({ item, score }));
          const expected = entries.toSorted((a, b) => b.score - a.score || a.item - b.item).slice(0, k);
          const best = new BestItems(k);
          // Any fixed permutation: by a hash of item and seed.
          const key = (item: number) => Math.imul(item + 1, seed | 1);
          for (const { item, score } of entries.toSorted((a, b) => key(a.item) - key(b.item))) best.offer(item, score);
          expect(best.take()).toEqual(expected);
          expect(best.take()).toEqual([]);
        },
      ),
    );
  });
});
