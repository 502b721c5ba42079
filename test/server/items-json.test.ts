import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecommendedItem } from '../../src/recommender/recommendation.ts';
import { itemsJson } from '../../src/server/items-json.ts';

/** `items` items with `reasons` reasons each. */
const listOf = (items: number, reasons: number, id: string): RecommendedItem[] =>
  Array.from({ length: items }, (_, i) => ({
    id: `${id}${i}`,
    score: i / 3,
    ...(reasons > 0 && {
      because: {
        items: Array.from({ length: reasons }, (_, r) => ({ id, part: r, neighbor: 0, embedding: r })),
        ...{ others: 0.1, embedding: 0, bias: 0 },
      },
    }),
  }));

test('writes what JSON.stringify does, at most about a thousand items and reasons between two steps', () => {
  const sizes = fc.record({ items: fc.nat({ max: 2500 }), reasons: fc.constantFrom(0, 1, 7, 100), id: fc.string() });
  fc.assert(
    fc.property(sizes, ({ items, reasons, id }) => {
      const list = listOf(Math.ceil(items / (1 + reasons)), reasons, id);
      const steps = itemsJson(list);
      let yields = 0;
      let step = steps.next();
      for (; !step.done; step = steps.next()) yields++;
      expect(step.value).toBe(JSON.stringify(list));
      const written = list.length * (1 + reasons);
      if (written > 1101) expect(yields).toBeGreaterThanOrEqual(Math.floor(written / 1101));
    }),
  );
});
