import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadDataset } from '../../src/data/dataset.ts';
import type { Interactions } from '../../src/data/interactions.ts';
import { readInteractions } from '../../src/data/read.ts';
import type { ReadOptions } from '../../src/data/read-options.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { type PostgresServer, postgresMissing, startPostgres, withReason } from '../support/servers.ts';
import { file, folder, pairs } from './temporary.ts';

/** A table of texts, as a database and a file hold it alike. */
interface TextTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What is made of a table in a database: its place. */
type Store = (name: string, table: TextTable) => Promise<string>;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const quotedText = (text: string) => `'${text.replaceAll("'", "''")}'`;
const withParameter = (url: string, name: string, value: string) => `${url}?${name}=${encodeURIComponent(value)}`;

function statementsFor(name: string, { columns, rows }: TextTable): string {
  const values = rows.map((row) => `(${row.map(quotedText).join(', ')})`).join(', ');
  return `CREATE TABLE ${name} (${columns.map((column) => `${quoted(column)} TEXT`).join(', ')}); ${values && `INSERT INTO ${name} VALUES ${values};`}`;
}

/** What a log says, whatever order its rows had. */
function contentOf(log: Interactions): unknown {
  const { ratings, times, weights, report } = log;
  const { rejectsFile: _, ...counts } = report;
  return { pairs: pairs(log), ratings, times, weights, counts };
}

const id = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
  .filter((text) => text.trim() !== '' && !/[\0\uFFFD]/.test(text));
const tables = fc.record({
  columns: fc.constantFrom(
    ['user_id', 'movieId', 'rating', 'timestamp', 'strength'],
    ['strength', 'timestamp', 'rating', 'product', 'customer'],
  ),
  rows: fc.array(
    fc.tuple(id, id, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 2e9 }), fc.integer({ min: 0, max: 9 })),
    { minLength: 1, maxLength: 30 },
  ),
  options: fc.constantFrom<ReadOptions>(
    {},
    { minRating: 3 },
    { weight: 'strength' },
    { weight: 'strength', time: false, rating: false },
    { user: 5, item: 4 },
  ),
});

function sources(
  name: string,
  missing: string | undefined,
  open: () => Promise<{ store: Store; close(): Promise<void> }>,
) {
  describe.skipIf(missing)(withReason(name, missing), () => {
    let store: Store;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    test('a table reads as the CSV file of the same cells', async () => {
      let count = 0;
      await fc.assert(
        fc.asyncProperty(tables, async ({ columns, rows, options }) => {
          const reversed = columns[0] === 'strength';
          const texts = rows.map((row) => (reversed ? [...row].reverse() : row).map(String));
          const table = { columns, rows: texts };
          count++;
          const csv = file(`${name}-${count}.csv`, stringify([columns, ...texts]));
          const fromFile = await readInteractions(csv, options).then(contentOf, (error) => error.code);
          const place = await store(`table ${count}`, table);
          const fromTable = await readInteractions(place, options).then(contentOf, (error) => error.code);
          expect(fromTable).toEqual(fromFile);
        }),
        draws(25),
      );
    });

    test('rows in another order have the same SHA-256, other rows another', async () => {
      const columns = ['user', 'item'];
      const rows = [
        ['b', '2'],
        ['a', '1'],
        ['a', '3'],
      ];
      const [first, second, other] = await Promise.all([
        readInteractions(await store('order one', { columns, rows })),
        readInteractions(await store('order two', { columns, rows: rows.toReversed() })),
        readInteractions(await store('order three', { columns, rows: rows.slice(1) })),
      ]);
      expect(second.sha256).toBe(first.sha256);
      expect(other.sha256).not.toBe(first.sha256);
      expect(first.sha256).toMatch(/^[0-9a-f]{64}$/);
    });

    test('a bad row is named by place, row and column, or listed in a file named after the table', async () => {
      const place = await store('bad rows', {
        columns: ['user', 'item', 'rating'],
        rows: [
          ['a', '1', '4'],
          ['b', '2', 'n/a'],
        ],
      });
      const error = await rejectionOf(readInteractions(place));
      expect(error.message).toMatch(
        /table=.*bad rows.*, row 2, column rating: got "n\/a", expected a number\. Correct the table/,
      );
      const log = await readInteractions(place, { onBadRow: 'skip', rejectsDirectory: folder });
      expect(pairs(log)).toEqual([['a', '1']]);
      expect(log.report.rejectsFile).toBe(join(folder, 'bad-rows.rejects.csv'));
      expect(readFileSync(log.report.rejectsFile!, 'utf8')).toBe(
        'line,column,value,reason\n2,rating,n/a,expected a number\n',
      );
    });

    test('no rows, no such column, no rating for a minimum', async () => {
      const empty = await store('empty', { columns: ['user', 'item'], rows: [] });
      expect((await rejectionOf(readInteractions(empty))).code).toBe('empty-data');
      const place = await store('plain', { columns: ['user', 'item', 'x'], rows: [['a', '1', '2']] });
      const missing = await rejectionOf(readInteractions(place, { user: 'nobody' }));
      expect(missing.message).toContain('no column "nobody" for user; the columns are: user, item, x');
      const rating = await rejectionOf(readInteractions(place, { minRating: 3 }));
      expect(rating.message).toContain('the columns are: user, item, x');
    });

    test('a feedback log has its weights by itself', async () => {
      const columns = ['sequence', 'user_id', 'item_id', 'time', 'kind', 'weight', 'id'];
      const rows = [
        ['1', 'a', 'x', '1700000000.5', 'like', '2.5', 'e1'],
        ['2', 'a', 'y', '1700000001', 'view', '1', 'e2'],
      ];
      const log = await readInteractions(await store('events', { columns, rows }));
      expect(contentOf(log)).toMatchObject({
        times: new Float64Array([1700000000.5, 1700000001]),
        weights: new Float32Array([2.5, 1]),
      });
    });

    test('names that would be SQL elsewhere', async () => {
      for (const name of ['drop"; DROP TABLE victims; --', 'a.b', "it's", 'Upper', 'user', 'ünïcode 🦉']) {
        const place = await store(name, { columns: ['user"', 'item;--', "we'ight"], rows: [['a', '1', '3']] });
        const log = await readInteractions(place, { user: 'user"', item: 'item;--', weight: "we'ight" });
        expect(pairs(log)).toEqual([['a', '1']]);
        expect([...log.weights!]).toEqual([3]);
      }
    });

    test('a data set of tables with titles', async () => {
      const columns = ['user', 'item'];
      const options = {
        train: await store('train', {
          columns,
          rows: [
            ['a', '1'],
            ['a', '2'],
            ['b', '1'],
          ],
        }),
        test: await store('test', { columns, rows: [['b', '2']] }),
        titles: await store('films', {
          columns: ['year', 'title', 'id'],
          rows: [
            ['1999', 'First', '1'],
            ['2001', 'Second, third', '2'],
          ],
        }),
      };
      const data = await loadDataset(options);
      expect([data.train.indices.length, data.test!.indices.length]).toEqual([3, 1]);
      expect(data.titles).toEqual(['First', 'Second, third']);
      expect(data.source).not.toContain('p%40ss');
    });

    test('leaves nothing behind in the temporary folder', async () => {
      const own = join(folder, `temporary ${name}`);
      mkdirSync(own);
      vi.stubEnv('TMPDIR', own);
      try {
        await readInteractions(await store('clean', { columns: ['user', 'item'], rows: [['a', '1']] }));
        await rejectionOf(readInteractions(await store('unclean', { columns: ['user', 'item'], rows: [['', '1']] })));
        expect(readdirSync(own)).toEqual([]);
      } finally {
        vi.unstubAllEnvs();
      }
    });
  });
}

const sqlitePath = join(folder, 'shop %41#1.sqlite');

sources('SQLite', undefined, async () => {
  const database = new Database(sqlitePath);
  const store: Store = async (name, table) => {
    database.exec(statementsFor(quoted(name), table));
    return withParameter(`sqlite:${sqlitePath}`, 'table', quoted(name));
  };
  return { store, close: async () => void database.close() };
});

let server: PostgresServer;

sources('PostgreSQL', postgresMissing, async () => {
  server = await startPostgres();
  const url = await server.createDatabase('shop');
  const store: Store = async (name, table) => {
    await server.sql(statementsFor(quoted(name), table), 'shop');
    return withParameter(url, 'table', quoted(name));
  };
  return { store, close: async () => {} };
});

describe.skipIf(postgresMissing)(withReason('PostgreSQL as it is', postgresMissing), () => {
  let url: string;
  beforeAll(async () => {
    url = await server.createDatabase('own');
    await server.sql(
      `CREATE TABLE ratings (customer bigint, product uuid, score numeric, created_at timestamptz, note text);
       INSERT INTO ratings SELECT g % 10, ('00000000-0000-0000-0000-' || lpad((g % 7)::text, 12, '0'))::uuid, g % 5 + 0.5, '2024-05-31T12:00:00+02'::timestamptz + g * interval '1 second', E'a\\nb,"c"' FROM generate_series(1, 70) g;
       CREATE SCHEMA sales; CREATE TABLE sales."Orders" (user_id int, item_id int, date date); INSERT INTO sales."Orders" VALUES (1, 2, '2024-05-31');
       CREATE ROLE guest LOGIN PASSWORD 'g'; CREATE TABLE victims (x int)`,
      'own',
    );
  }, 60_000);
  afterAll(() => server?.stop());

  test('types of its own: numbers, uuids, times with a zone', async () => {
    const log = await readInteractions(`${url}?table=ratings`, { minRating: 2.5 });
    expect(log.report).toMatchObject({ rows: 70, belowMinRating: 28, duplicates: 0 });
    expect(log.userIds.idOf(0)).toBe('2');
    expect(log.itemIds.idOf(0)).toBe('00000000-0000-0000-0000-000000000000');
    expect(Math.min(...log.times!)).toBe(Date.UTC(2024, 4, 31, 10) / 1000 + 2);
    expect(log.source).toBe(`postgres://postgres@127.0.0.1:${server.port}/own?table=ratings`);
  });

  test('a table of a schema, dates', async () => {
    const log = await readInteractions(`${url}?table=sales.Orders`);
    expect([...log.times!]).toEqual([Date.UTC(2024, 4, 31) / 1000]);
    expect(await rejectionOf(readInteractions(`${url}?table=sales.orders`))).toMatchObject({ code: 'database-failed' });
  });

  test('a query of one’s own, with an end mark, comments and two columns of a name', async () => {
    const query = `WITH r AS (SELECT * FROM ratings) SELECT customer AS id, product AS id, score AS "1" FROM r WHERE note LIKE 'a%' -- all\n;`;
    const log = await readInteractions(withParameter(url, 'query', query), { user: 1, item: 2 });
    expect(log.users).toHaveLength(70);
    const lines = await readInteractions(`${url}?query=SELECT customer,product -- both\nFROM\tratings\r\nWHERE true`);
    expect(lines.users).toHaveLength(70);
    expect(lines.source).toContain('?query=SELECT customer,product -- both FROM ratings WHERE true');
  });

  test('a query may read and nothing else', async () => {
    const tricks = [
      'DELETE FROM victims RETURNING x, x',
      'SELECT 1, 2; DROP TABLE victims',
      "SELECT 1, setval('s', 1)",
      'SELECT 1 a, 2 b) AS x; DROP TABLE victims; --',
      '',
    ];
    await server.sql('CREATE SEQUENCE s', 'own');
    for (const query of tricks) {
      const error = await rejectionOf(readInteractions(withParameter(url, 'query', query)));
      expect(error.code, query).toMatch(/^(database-failed|bad-database-place)$/);
    }
    expect((await server.sql('SELECT count(*) FROM victims', 'own')).rowCount).toBe(1);
    expect((await server.sql('SELECT is_called FROM s', 'own')).rows).toEqual([{ is_called: false }]);
  });

  test('what goes wrong is said with its remedy and without the password', async () => {
    const secret = server.password;
    const failures: [string, string, RegExp][] = [
      [`${url}?table=nothing`, 'database-failed', /relation "nothing" does not exist.*SCHEMA\.NAME/],
      [withParameter(url, 'query', 'SELEC 1'), 'database-failed', /syntax error.*Correct the query/],
      [withParameter(url, 'query', "SELECT 'a"), 'database-failed', /unterminated quoted string.*Correct the query/],
      [
        withParameter(url, 'query', 'SELECT session_timeout FROM ratings'),
        'database-failed',
        /"session_timeout" does not exist.*Correct the query/,
      ],
      [`${server.url('nowhere')}?table=t`, 'database-failed', /database "nowhere" does not exist.*createdb/],
      [
        `${server.url('own', 'guest', 'g')}?table=ratings`,
        'database-failed',
        /permission denied for table ratings.*GRANT SELECT ON "ratings"/,
      ],
      [
        `${server.url('own', 'guest', 'wrong-secret')}?table=ratings`,
        'database-login',
        /password authentication failed for user "guest"/,
      ],
      [
        `postgres://guest@127.0.0.1:${server.port}/own?table=ratings`,
        'database-login',
        /requires a password and none was given.*PGPASSWORD/,
      ],
      [
        `postgres://u:${encodeURIComponent(secret)}@127.0.0.1:1/own?table=t`,
        'database-unreachable',
        /127\.0\.0\.1:1.*no server is listening there/,
      ],
      [
        `postgres://u:${encodeURIComponent(secret)}@no-such-host.invalid/own?table=t`,
        'database-unreachable',
        /the host name is unknown/,
      ],
      [url, 'bad-database-place', /neither a table nor a query/],
      [`${url}?table=t&query=q`, 'bad-database-place', /both table and query/],
      [`${url}?table=a.b.c`, 'bad-database-place', /is not a valid name/],
      [`postgres://u:${secret}@h/db?table=t`, 'bad-database-place', /expected postgres/],
    ];
    for (const [place, code, message] of failures) {
      const error = await rejectionOf(readInteractions(place));
      expect([error.code, error.message], place).toEqual([code, expect.stringMatching(message)]);
      const everything = JSON.stringify([error.message, error.stack, error.facts, String(error.cause)]);
      for (const word of [secret, encodeURIComponent(secret), 'wrong-secret']) expect(everything).not.toContain(word);
    }
  });

  test('the password may stand in the environment', async () => {
    vi.stubEnv('PGPASSWORD', server.password);
    try {
      const log = await readInteractions(`postgres://postgres@127.0.0.1:${server.port}/own?table=ratings`);
      expect(log.users).toHaveLength(70);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('SQLite as it is', () => {
  const path = join(folder, 'own.db');
  const database = new Database(path);
  afterAll(() => database.close());

  test('numbers, whole numbers beyond 2^53, blobs, dates, NULL', async () => {
    database.exec(
      `CREATE TABLE log (user, item, at); INSERT INTO log VALUES (9223372036854775807, x'00ff', '2024-05-31 12:00:00'), (1.5, 'x', 17)`,
    );
    const log = await readInteractions(`sqlite:${path}?table=log`, { time: 'at' });
    expect(pairs(log)).toEqual([
      ['1.5', 'x'],
      ['9223372036854775807', '00ff'],
    ]);
    expect([...log.times!]).toEqual([17, Date.UTC(2024, 4, 31, 12) / 1000]);
    database.exec('INSERT INTO log VALUES (NULL, 1, 1)');
    expect((await rejectionOf(readInteractions(`sqlite:${path}?table=log`))).code).toBe('bad-row');
  });

  test('a query may read and nothing else; what goes wrong is said with its remedy', async () => {
    const failures: [string, string, RegExp][] = [
      [`sqlite:${path}?query=DELETE FROM log RETURNING user, item`, 'database-failed', /./],
      [`sqlite:${path}?table=nothing`, 'database-failed', /no such table: nothing.*\.tables/],
      [`sqlite:${path}`, 'bad-database-place', /neither a table nor a query/],
      [`sqlite:${path}.not?table=log`, 'file-not-found', /no such file/],
      [`sqlite:${file('text.db', 'x'.repeat(4096))}?table=log`, 'database-failed', /not a database/],
      ['sqlite:', 'bad-database-place', /names no file/],
    ];
    for (const [place, code, message] of failures) {
      const error = await rejectionOf(readInteractions(place));
      expect([error.code, error.message], place).toEqual([code, expect.stringMatching(message)]);
    }
    expect(existsSync(`${path}.not`)).toBe(false);
    expect(database.prepare('SELECT count(*) AS n FROM log').get()).toMatchObject({ n: 3 });
  });
});
