import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { valueAt } from '../../src/data/attribute-columns.ts';
import type { CatalogueTable } from '../../src/data/catalogue-table.ts';
import { readCatalogue } from '../../src/data/read-catalogue.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { arbitraryTypes, type PlainCatalogue, plainCatalogues } from '../support/random-catalogue.ts';
import { file, folder } from './temporary.ts';

const names = Object.keys(arbitraryTypes) as (keyof typeof arbitraryTypes)[];
const ids = fc.uniqueArray(fc.constantFrom('1', '007', '7', 'a', 'ä', 'x y', 'say "x"'), { minLength: 1 });

/** The rows of a catalogue that was read, as they were written. */
function plainRows(table: CatalogueTable): PlainCatalogue['rows'] {
  return Array.from(table.ids, (id, row) => ({
    id,
    title: table.titles?.[row] ?? '',
    ...Object.fromEntries(
      names.map((name) => [name, table.attributes.has(name) ? valueAt(table.attributes.get(name)!, row) : undefined]),
    ),
  })) as PlainCatalogue['rows'];
}

const isoTime = (seconds: unknown) =>
  seconds === undefined ? undefined : new Date((seconds as number) * 1000).toISOString();

const writers = {
  csv: ({ rows }: PlainCatalogue) => {
    const lines = rows.map((row) => [
      row.id,
      row.title,
      ...names.map((name) => {
        const value = row[name];
        if (name === 'released') return isoTime(value);
        return Array.isArray(value) ? JSON.stringify(value) : typeof value === 'boolean' ? String(value) : value;
      }),
    ]);
    return stringify([['id', 'title', ...names], ...lines]);
  },
  jsonl: ({ rows }: PlainCatalogue) =>
    rows.map((row) => `${JSON.stringify({ ...row, released: isoTime(row.released) })}\n`).join('\n'),
};

test.each(['csv', 'jsonl', 'json', 'csv.gz'] as const)(
  '%s: ids, titles and values come back with their types',
  async (format) => {
    await fc.assert(
      fc.asyncProperty(plainCatalogues(ids), async (catalogue) => {
        const text =
          format === 'json'
            ? JSON.stringify(catalogue.rows.map((row) => ({ ...row, released: isoTime(row.released) })))
            : writers[format === 'jsonl' ? 'jsonl' : 'csv'](catalogue);
        const table = await readCatalogue(file(`items.${format}`, format === 'csv.gz' ? gzipSync(text) : text));
        expect(plainRows(table)).toEqual(catalogue.rows);
        // A column without a value has no type of its own.
        for (const name of names) {
          if (catalogue.rows.some((row) => row[name] !== undefined))
            expect(table.attributes.get(name)!.type, name).toBe(arbitraryTypes[name]);
        }
      }),
      draws(format === 'csv' || format === 'jsonl' ? 30 : 10),
    );
  },
);

test('parquet: the types of its columns; nested columns are left out and named', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const path = join(folder, 'items.parquet');
  await connection.run(`COPY (SELECT * FROM (VALUES
    (1, 1.5::DECIMAL(9, 2), ['a', 'b'], true, DATE '2025-01-02', TIMESTAMPTZ '2025-01-02 00:00:00+02', {'x': 1}, [1, 2]),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
  ) t(item_id, price, tags, "on", day, moment, deep, numbers)) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  const table = await readCatalogue(path);
  expect([...table.ids]).toEqual(['1', '2']);
  const first = [...table.attributes].map(([name, column]) => [
    name,
    column.type,
    valueAt(column, 0),
    valueAt(column, 1),
  ]);
  const day = Date.UTC(2025, 0, 2) / 1000;
  expect(first).toEqual([
    ['price', 'number', 1.5, undefined],
    ['tags', 'list', ['a', 'b'], undefined],
    ['on', 'boolean', true, undefined],
    ['day', 'time', day, undefined],
    ['moment', 'time', day - 7200, undefined],
    ['numbers', 'list', ['1', '2'], undefined],
  ]);
  expect(table.leftOut).toEqual([{ name: 'deep', reason: expect.stringContaining('STRUCT') }]);
});

test('a table of a database; lists as a|b and {a,b}', async () => {
  const path = join(folder, 'shop.db');
  const database = new Database(path);
  database.exec(
    "CREATE TABLE items (sku TEXT, name TEXT, tags TEXT, kinds TEXT, price REAL); INSERT INTO items VALUES ('a', 'A', 'x|y', '{p,\"q r\"}', 2), ('b', NULL, 'y', '{}', NULL)",
  );
  database.close();
  const table = await readCatalogue(`sqlite:${path}?table=items`, { id: 'sku' });
  expect([...table.ids]).toEqual(['a', 'b']);
  expect(table.titles).toEqual(['A', '']);
  const rows = [0, 1].map((row) => [...table.attributes.values()].map((column) => valueAt(column, row)));
  expect(rows).toEqual([
    [['x', 'y'], ['p', 'q r'], 2],
    [['y'], undefined, undefined],
  ]);
  const again = await rejectionOf(readCatalogue(`sqlite:${path}?query=SELECT sku FROM items UNION ALL SELECT 'a'`));
  expect(again).toMatchObject({
    code: 'bad-catalogue',
    message: expect.stringMatching(/row 3: the id "a" occurs twice/),
  });
});

test('an id that occurs twice, or is missing, is named by its line, whatever lies between', async () => {
  const fillers = fc.array(fc.constantFrom('plain', 'two\nlines', 'a\n\nb', ''), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fillers, fc.boolean(), async (notes, missing) => {
      const rows = notes.map((note, at) => [`i${at}`, note, '1']);
      const before = stringify([['id', 'note', 'price'], ...rows]);
      const path = file(
        'twice.csv',
        before +
          stringify([
            [missing ? '' : 'i0', 'x', '2'],
            ['z', '', '3'],
          ]),
      );
      const error = await rejectionOf(readCatalogue(path));
      const line = before.split('\n').length;
      expect(error).toMatchObject({ code: 'bad-catalogue', facts: { file: path, line } });
    }),
    draws(25),
  );
  const path = file('twice.jsonl', '{"id":"a"}\n\n{"id":"b"}\n{"id":"a"}\n');
  expect((await rejectionOf(readCatalogue(path))).message).toMatch(/twice\.jsonl, line 4: the id "a" occurs twice/);
});

test.each([
  ['id,price,price\n1,2,3\n', 'bad-catalogue', /two columns are called price/],
  ['id,price\n1,2,3\n', 'unreadable-file', /line 2 has a different number/],
  ['id,price\n', 'empty-data', /names no items/],
  ['', 'empty-data', /empty/],
])('%j is refused', async (text, code, message) => {
  const error = await rejectionOf(readCatalogue(file('bad.csv', text)));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test('columns without a name, or with a name that filters use, are left out; the id and the title can be named', async () => {
  const table = await readCatalogue(file('named.csv', ',code,label,not,price\n0,a,A,x,1\n1,b,B,y,2\n'), {
    id: 'code',
    title: 3,
  });
  expect([...table.ids]).toEqual(['a', 'b']);
  expect(table.titles).toEqual(['A', 'B']);
  expect([...table.attributes.keys()]).toEqual(['price']);
  expect(table.leftOut.map(({ name }) => name)).toEqual(['', 'not']);
});

test('a title file of two columns is a catalogue without attributes', async () => {
  writeFileSync(join(folder, 'titles.csv'), 'movieId,title\n1,"A, b"\n');
  const table = await readCatalogue(join(folder, 'titles.csv'));
  expect(table).toMatchObject({ titles: ['A, b'], attributes: new Map() });
});
