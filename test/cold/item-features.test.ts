import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Csr, csrRow } from '../../src/array/csr.ts';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { FEATURES, itemFeatures, quantilesOf } from '../../src/cold/item-features.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { draws } from '../support/property-seed.ts';
import { type PlainCatalogue, plainCatalogues, tableOf } from '../support/random-catalogue.ts';

const ids = Array.from({ length: 12 }, (_, i) => `i${i}`);
const catalogues = plainCatalogues(fc.constant(ids));
const of = (plain: PlainCatalogue, known: readonly string[]) => Catalogue.from(tableOf(plain), IdMap.fromIds(known));
const rowOf = (features: Csr, r: number) => [
  [...csrRow(features, r)],
  [...features.values!.subarray(features.offsets[r], features.offsets[r + 1])],
];

test('an item has the same features in any order of rows, among known items and others', () => {
  fc.assert(
    fc.property(catalogues, fc.shuffledSubarray(ids, { minLength: 1 }), (plain, known) => {
      const one = of(plain, ids);
      const other = of(plain, known);
      const quantiles = quantilesOf(one);
      const order = [...known, ...other.others];
      const [a, b] = [itemFeatures(one, quantiles), itemFeatures(other, quantiles)];
      for (const [at, id] of order.entries()) expect(rowOf(b, at)).toEqual(rowOf(a, ids.indexOf(id)));
      const part = itemFeatures(other, quantiles, 3, 7);
      for (let r = 0; r < 4; r++) expect(rowOf(part, r)).toEqual(rowOf(b, 3 + r));
    }),
    draws(50),
  );
});

test('each attribute with a value, and the title, adds a block of length 1; a number near another is near it', () => {
  const rows = [0, 1, 10, 100, 1000].map((price, i) => ({ id: `p${i}`, title: '', price }));
  const numbers = of({ types: { price: 'number' }, rows }, [...rows.map(({ id }) => id)]);
  const features = itemFeatures(numbers, quantilesOf(numbers));
  const dot = (a: number, b: number) => {
    const [columns, values] = rowOf(features, a);
    const other = rowOf(features, b);
    return columns!.reduce((sum, column, e) => sum + values![e]! * (other[1]![other[0]!.indexOf(column)] ?? 0), 0);
  };
  // Half for the interval; the other half shrinks towards the middle of all numbers.
  expect(dot(0, 0)).toBeCloseTo(1, 6);
  expect(dot(4, 4)).toBeCloseTo(1, 6);
  expect(dot(0, 1)).toBeGreaterThan(dot(0, 4));
  const texts = of(
    {
      types: { brand: 'text', category: 'list', available: 'boolean' },
      rows: [
        { id: 'a', title: 'Quiet red boots', brand: 'Kestrow', category: ['shoes', 'boots'], available: true },
        { id: 'b', title: '', brand: undefined, category: undefined, available: undefined },
      ],
    },
    ['a', 'b'],
  );
  const [row, none] = [0, 1].map((r) => rowOf(itemFeatures(texts, new Map()), r));
  // Four blocks; texts may share a column, so to within their products.
  expect(row![1]!.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(4, 0);
  expect(none).toEqual([[], []]);
  expect(Math.max(...row![0]!)).toBeLessThan(FEATURES);
});
