import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { type EditedItem, editedCatalogue } from '../../src/catalogue/edited-catalogue.ts';
import type { AttributeValue } from '../../src/data/attribute-columns.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { arbitraryTypes, arbitraryValues, plainCatalogues, tableOf } from '../support/random-catalogue.ts';

const ids = Array.from({ length: 8 }, (_, i) => `i${i}`);
const itemIds = IdMap.fromIds(ids);
const catalogues = plainCatalogues(fc.constant([...ids.slice(2), 'other']));
const anyValue = Object.fromEntries(
  Object.entries(arbitraryValues).map(([name, value]) => [name, fc.option(value as fc.Arbitrary<AttributeValue>)]),
);
const edits = fc.array(
  fc.record({
    item: fc.constantFrom(...ids, 'other', 'unknown'),
    replaces: fc.boolean(),
    values: fc.record(
      { ...anyValue, title: fc.constantFrom('', 'New'), colour: fc.constant('red') },
      { requiredKeys: [] },
    ),
  }),
  { maxLength: 6 },
) as fc.Arbitrary<EditedItem[]>;

test('items have the values that edits give, in order; unknown items and attributes change nothing', () => {
  fc.assert(
    fc.property(catalogues, edits, (plain, changes) => {
      const before = Catalogue.from(tableOf(plain), itemIds);
      const got = editedCatalogue(before, itemIds, changes);
      for (const [row, id] of [...ids, 'other'].entries()) {
        const { id: _, ...own } = plain.rows.find((one) => one.id === id) ?? { id, title: '' };
        let values: Record<string, unknown> = own;
        for (const edit of changes.filter(({ item }) => item === id))
          values = { ...(edit.replaces ? {} : values), ...edit.values };
        const kept = Object.keys(arbitraryTypes).filter((name) => values[name] !== undefined && values[name] !== null);
        expect(got.valuesOf(row)).toEqual(Object.fromEntries(kept.map((name) => [name, values[name]])));
        expect(got.titles?.at(row) ?? '').toBe(values.title ?? '');
      }
      // What was there is not changed.
      expect(before.valuesOf(5)).toEqual(Catalogue.from(tableOf(plain), itemIds).valuesOf(5));
    }),
  );
});
