import fc from 'fast-check';
import { type AttributeType, type AttributeValue, columnOf } from '../../src/data/attribute-columns.ts';
import type { CatalogueTable } from '../../src/data/catalogue-table.ts';
import { IdMap } from '../../src/data/id-map.ts';

/** A catalogue as plain rows: for each id the values of its attributes. */
export interface PlainCatalogue {
  readonly types: Readonly<Record<string, AttributeType>>;
  readonly rows: readonly (Readonly<Record<string, AttributeValue>> & {
    readonly id: string;
    readonly title: string;
  })[];
}

const words = ['red', 'green', 'blue', 'Ångström', 'two words', 'a,b', 'say "x"'];

/** Values of each attribute of a made-up catalogue; undefined: the item has none. */
export const arbitraryValues = {
  price: fc.constantFrom(0, -1.5, 2, 3, 1e-3, 12345.678),
  brand: fc.constantFrom(...words),
  available: fc.boolean(),
  released: fc.integer({ min: 0, max: 2e9 }),
  category: fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }),
};

export const arbitraryTypes = {
  price: 'number',
  brand: 'text',
  available: 'boolean',
  released: 'time',
  category: 'list',
} as const;

/** Catalogues with every type of attribute, each with a value in about four rows of five. */
export const plainCatalogues = (ids: fc.Arbitrary<string[]>): fc.Arbitrary<PlainCatalogue> =>
  ids.chain((list) =>
    fc
      .array(
        fc.record({
          title: fc.constantFrom('', 'A title', 'Another, with a comma'),
          ...Object.fromEntries(
            Object.entries(arbitraryValues).map(([name, value]) => [
              name,
              fc.option<AttributeValue>(value as fc.Arbitrary<AttributeValue>, { nil: undefined, freq: 4 }),
            ]),
          ),
        }),
        { minLength: list.length, maxLength: list.length },
      )
      .map((rows) => ({
        types: arbitraryTypes,
        rows: rows.map((row, at) => ({ ...row, id: list[at]! }) as PlainCatalogue['rows'][number]),
      })),
  );

/** The rows as `readCatalogue` returns them. */
export function tableOf({ types, rows }: PlainCatalogue): CatalogueTable {
  return {
    source: 'made up',
    ids: IdMap.fromIds(rows.map(({ id }) => id)),
    titles: rows.map(({ title }) => title),
    attributes: new Map(
      Object.entries(types).map(([name, type]) => [
        name,
        columnOf(
          type,
          rows.map((row) => row[name]),
        ),
      ]),
    ),
    leftOut: [],
  };
}
