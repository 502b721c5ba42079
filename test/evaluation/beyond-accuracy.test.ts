import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matrix } from '../../src/array/matrix.ts';
import {
  coverage,
  gini,
  intraListDiversity,
  itemPopularity,
  selfInformation,
  unitRows,
} from '../../src/evaluation/metrics.ts';
import { csrOf } from '../support/evaluation-case.ts';

it('coverage and Gini, worked by hand', () => {
  expect(coverage([0, 3, 1, 0])).toBe(2 / 4);
  expect(gini([2, 2, 2, 2])).toBe(0);
  expect(gini([0, 0, 0, 5])).toBe(1 - 1 / 4);
  expect(gini([0, 0])).toBe(0);
  // x = 0, 1, 3: (−2·0 + 0·1 + 2·3) / (3·4)
  expect(gini([1, 3, 0])).toBeCloseTo(6 / 12, 14);
});

it('self-information: −log2 of the share of users = log2 (users / holders); an unseen item counts as seen once', () => {
  const train = csrOf(3, [[0, 1], [0], [0], [0]]);
  expect([...itemPopularity(train)]).toEqual([4, 1, 0]);
  expect([...selfInformation(itemPopularity(train), 4)]).toEqual([
    Math.log2(4 / 4),
    Math.log2(4 / 1),
    Math.log2(4 / 1),
  ]);
});

it('diversity is 1 − the mean cosine over pairs, zero rows and padding included', () => {
  const value = fc.integer({ min: -3, max: 3 });
  const rows = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(rows, (values) => {
      const padded = Float32Array.from(values.flatMap((row) => [...row, 0]));
      const unit = unitRows(matrix(values.length, 3, padded, 4));
      const list = values.map((_, item) => item).reverse();
      const cosines: number[] = [];
      for (let i = 0; i < values.length; i++) {
        for (let j = 0; j < i; j++) {
          const dot = values[i]!.reduce((sum, x, d) => sum + x * values[j]![d]!, 0);
          cosines.push(dot / (Math.hypot(...values[i]!) * Math.hypot(...values[j]!) || 1));
        }
      }
      const mean = cosines.reduce((a, b) => a + b, 0) / cosines.length;
      expect(intraListDiversity(list, list.length, unit, 3)).toBeCloseTo(1 - mean, 5);
    }),
  );
});
