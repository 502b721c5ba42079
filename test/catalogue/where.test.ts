import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { ItemFilters } from '../../src/catalogue/item-filters.ts';
import { ItemSet } from '../../src/catalogue/item-set.ts';
import { compileWhere, secondsOf } from '../../src/catalogue/where.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { finished } from '../../src/recommender/in-steps.ts';
import { errorOf } from '../support/error-of.ts';
import { plainCatalogues, tableOf } from '../support/random-catalogue.ts';
import { passes, wheres } from '../support/random-where.ts';

const ids = Array.from({ length: 70 }, (_, i) => `i${i}`);
const itemIds = IdMap.fromIds(ids);
const catalogues = plainCatalogues(fc.constant([...ids.slice(3), 'other']));
const [plain] = fc.sample(catalogues, { numRuns: 1, seed: 3 }) as [Parameters<typeof tableOf>[0]];
const catalogue = Catalogue.from(tableOf(plain), itemIds);
const compiled = (where: unknown) => finished(compileWhere(catalogue, where));

describe('a compiled filter', () => {
  test('lets pass what the definition lets pass', () => {
    fc.assert(
      fc.property(catalogues, wheres, (own, where) => {
        const set = finished(compileWhere(Catalogue.from(tableOf(own), itemIds), where));
        // Rows 0 to 2 of the model are not in the catalogue: they have no values.
        const expected = ids.filter((id) => passes(own.rows.find((row) => row.id === id) ?? {}, where));
        expect(Array.from(set.indices, (item) => itemIds.idOf(item))).toEqual(expected);
        expect(set.count).toBe(expected.length);
      }),
      { numRuns: 150 },
    );
  });

  test('is compiled once for equal texts, and again after others took its place', () => {
    const filters = new ItemFilters(catalogue);
    const first = finished(filters.setOf({ price: { lte: 2 } }));
    expect(finished(filters.setOf({ price: { lte: 2 } }))).toBe(first);
    for (let n = 0; n < 300; n++) finished(filters.setOf({ price: n }));
    const again = finished(filters.setOf({ price: { lte: 2 } }));
    expect(again).not.toBe(first);
    expect(again!.indices).toEqual(first!.indices);
  });

  test('times are seconds or ISO 8601, in UTC without an offset', () => {
    const moment = Date.UTC(2025, 0, 2, 3, 4, 5) / 1000;
    for (const text of ['2025-01-02T03:04:05Z', '2025-01-02 03:04:05', '2025-01-02T05:04:05+02:00'])
      expect(secondsOf(text)).toBe(moment);
    expect(secondsOf('2025-01-02')).toBe(Date.UTC(2025, 0, 2) / 1000);
    for (const text of ['yesterday', '2025', '2025-13-01', '12:00']) expect(secondsOf(text)).toBeUndefined();
    const iso = compiled({ released: { gte: new Date(1e12).toISOString() } });
    expect(iso.indices).toEqual(compiled({ released: { gte: 1e9 } }).indices);
  });

  test.each([
    [{ colour: 'red' }, 'unknown-name', /Unknown attribute "colour"; known: price \(number\), brand \(text\)/],
    [{ price: 'cheap' }, 'bad-option', /where\.price: got "cheap", expected a number: price is a number/],
    [
      { not: { or: [{ price: { lt: '5' } }] } },
      'bad-option',
      /where\.not\.or\[0\]\.price\.lt: got "5", expected a number/,
    ],
    [{ brand: { lt: 'x' } }, 'bad-option', /where\.brand\.lt: .* expected no comparison: brand is a text/],
    [{ brand: { all: ['x'] } }, 'bad-option', /where\.brand\.all: .* brand is a text, which has one value/],
    [{ available: { in: [1] } }, 'bad-option', /where\.available\.in\[0\]: got 1, expected true or false/],
    [{ released: '31 May' }, 'bad-option', /where\.released: .*2026-05-31T12:00:00Z: released is a time/],
    [
      { price: { below: 5 } },
      'bad-option',
      /where\.price\.below: .*one of in, any, all, none, lt, lte, gt, gte, exists/,
    ],
    [{ price: { in: 5 } }, 'bad-option', /where\.price\.in: got 5, expected a list of values/],
    [{ price: { exists: 1 } }, 'bad-option', /where\.price\.exists: got 1, expected true or false/],
    [{ price: null }, 'bad-option', /where\.price: got null, expected a number/],
    [{ and: { price: 1 } }, 'bad-option', /where\.and: .* expected a list of filters/],
    [{ not: [] }, 'bad-option', /where\.not: .* expected an object of attributes/],
    [[], 'bad-option', /where: .* expected an object of attributes/],
    ['x', 'bad-option', /where: got "x", expected an object of attributes/],
  ])('%j is refused by name', (where, code, message) => {
    const error = errorOf(() => compiled(where));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('deep nesting and many conditions are refused before they cost', () => {
    let deep: object = { price: 1 };
    for (let n = 0; n < 5000; n++) deep = { not: deep };
    expect(errorOf(() => compiled(deep)).message).toMatch(/at most 16 filters within one another/);
    const many = { or: Array.from({ length: 1000 }, (_, price) => ({ price })) };
    expect(errorOf(() => compiled(many)).message).toMatch(/at most 200/);
  });
});

test('item sets are sets', () => {
  const subsets = fc.uniqueArray(fc.nat(68), { maxLength: 69 });
  fc.assert(
    fc.property(fc.array(subsets, { maxLength: 3 }), (lists) => {
      const sets = lists.map((list) => ItemSet.of(69, list));
      const all = Array.from({ length: 69 }, (_, i) => i);
      const inAll = all.filter((i) => lists.every((list) => list.includes(i)));
      const inAny = all.filter((i) => lists.some((list) => list.includes(i)));
      const any = ItemSet.any(69, sets);
      expect([...ItemSet.all(69, sets).indices]).toEqual(inAll);
      expect([...any.indices]).toEqual(inAny);
      expect([...any.not().indices]).toEqual(all.filter((i) => !inAny.includes(i)));
      expect(any.count + any.not().count).toBe(69);
      const base = Float32Array.from(all, (i) => i / 4);
      expect([...any.masked(base)]).toEqual(all.map((i) => (inAny.includes(i) ? i / 4 : -Infinity)));
      expect([...any.masked()]).toEqual(all.map((i) => (inAny.includes(i) ? 0 : -Infinity)));
    }),
  );
});
