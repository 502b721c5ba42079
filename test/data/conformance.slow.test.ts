// Files of the field with options, and Parquet of all types, in both readers; test/data/conformance.test.ts has the rest.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ReadOptions } from '../../src/data/read-options.ts';
import { both, expectSame, parquet, rowsForParquet } from './conformance.ts';

/** Options that a case is read with. */
const more: Readonly<Record<string, readonly ReadOptions[]>> = {
  'blank-times.csv': [{ time: false }, { onBadRow: 'skip', rating: 'time' }],
  'decimal-comma.csv': [{ decimal: ',' }],
  'event-kinds.csv': [
    { eventKinds: ['transaction', 'addtocart'] },
    { events: { view: { weight: 0.2 }, transaction: { expires: '100d' } } },
    { eventWeights: '*=.5' },
  ],
  'movielens-layout.tsv': [{ minRating: 4 }, { rating: false, time: false }, { user: 3 }],
  'null-ids.csv': [{ nullValues: ['NULL', 'NaN', 'None', 'nan'] }],
  'orders-with-returns.csv': [
    { user: 'customer_id', item: 'product_id', rating: 'quantity', sumRatings: true },
    { user: 1, item: 2 },
  ],
  'plays-time-second.tsv': [{ item: 3 }],
  'titles-latin1.item': [
    { encoding: 'latin1', user: 1, item: 2 },
    { user: 1, item: 2 },
  ],
  'unbalanced-quotes.tsv': [
    { user: 1, item: 2 },
    { user: 1, item: 2, quote: '"', onBadRow: 'skip' },
  ],
  'date-first.csv': [{ user: 'customer', item: 'sku' }],
};

test.each(Object.entries(more))('%s with options', async (name, all) => {
  for (const options of all) await expectSame(join(import.meta.dirname, 'cases', name), options);
});

describe('Parquet', () => {
  test('types as ids, ratings and times', async () => {
    const ids = [
      'i::TINYINT',
      'i::UBIGINT',
      'i::HUGEINT',
      'i::DOUBLE / 4',
      'i::FLOAT / 10',
      "'a' || i",
      'i::DECIMAL(9, 2)',
      "DATE '2024-05-30' + i::INTEGER",
      "TIMESTAMP '2024-05-31 12:00:00.5' + INTERVAL (i) SECOND",
      "TIMESTAMPTZ '2024-05-31 12:00:00+00' + INTERVAL (i) SECOND",
      "(TIMESTAMP '2024-05-31 12:00:00' + INTERVAL (i) SECOND)::TIMESTAMP_NS",
      'i % 2 = 0',
      "'00000000-0000-0000-0000-00000000000' || i % 10",
      'CASE WHEN i > 3 THEN NULL ELSE i END',
    ];
    for (const [at, id] of ids.entries()) {
      const sql = `SELECT ${id} AS "user", i AS item, ${at % 2 ? 'i::FLOAT / 3' : '(i % 3)::TINYINT'} AS rating, ${at > 6 ? id : 'i * 1000'} AS time FROM range(9) t(i)`;
      const path = await parquet(`type-${at}.parquet`, sql);
      await expectSame(path);
      await expectSame(path, { onBadRow: 'skip' });
    }
  });

  test('lists and nested columns', async () => {
    await expectSame(
      await parquet('lists.parquet', 'SELECT i AS "user", [i, i + 1] AS item, [1.5, 2.5] AS rating FROM range(9) t(i)'),
    );
    const uneven = await parquet(
      'uneven.parquet',
      'SELECT i AS "user", range(i % 3) AS item, [1, 2] AS rating FROM range(6) t(i)',
    );
    await expectSame(uneven);
    await expectSame(uneven, { onBadRow: 'skip' });
    for (const item of ["{'a': i, 'b': 'x'}", 'MAP {1: i}', '[[i]]'])
      await expectSame(await parquet('nested.parquet', `SELECT i AS "user", ${item} AS item FROM range(3) t(i)`));
    await expectSame(await parquet('listed-user.parquet', 'SELECT [i] AS "user", i AS item FROM range(3) t(i)'));
    await expectSame(await parquet('empty.parquet', 'SELECT 1 AS "user", 2 AS item WHERE false'));
    await expectSame(
      await parquet(
        'blank.parquet',
        'SELECT i AS "user", i AS item, NULL::DOUBLE AS rating, CASE WHEN i = 1 THEN \'nan\'::DOUBLE ELSE i END AS time FROM range(3) t(i)',
      ),
    );
  });

  test('expected difference: pages compressed by Brotli or LZ4', async () => {
    for (const codec of ['brotli', 'lz4_raw']) {
      const [node, page] = await both(await parquet(`${codec}.parquet`, rowsForParquet, `compression ${codec}`));
      expect(node).toMatchObject({ report: { rows: 5000 } });
      expect(page).toMatchObject({ code: 'unreadable-file' });
      expect(JSON.stringify(page)).toContain(codec.toUpperCase());
    }
  });
});
