import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { readInteractions } from '../../src/data/read.ts';
import { draws } from '../support/property-seed.ts';
import { file, folder, pairs } from './temporary.ts';

const cases = join(import.meta.dirname, 'cases');
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** Writes a file into a folder of its own kind, which is made where it is missing. */
function deep(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  return file(path, content);
}

/** Runs SQL in DuckDB, to write Parquet. */
async function duck(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

describe('several files', () => {
  test('the parts of a table: a folder, a pattern, a list', async () => {
    const parts = join(cases, 'parts');
    const list = ['part-00000.csv', 'part-00001.csv'].map((name) => join(parts, name));
    const digests = list.map((path) => sha256(readFileSync(path))).join('');
    for (const source of [parts, `${parts}/`, join(parts, '*.csv'), join(parts, 'part-0000[01].csv'), list]) {
      const log = await readInteractions(source);
      expect([log.users.length, log.userIds.size, log.itemIds.size]).toEqual([383, 40, 30]);
      expect(log.report).toMatchObject({ rows: 383, duplicates: 0, ratings: { min: 1, max: 5 } });
      expect(log.sha256).toBe(sha256(digests));
      expect(log.source).toBe(typeof source === 'string' ? source : source.join(', '));
    }
  });

  test('property: however a log is cut into files, it is the log of one file', async () => {
    const cell = fc.constantFrom('1', '2', '10', '007', 'é', 'b');
    const row = fc.tuple(cell, cell, fc.integer({ min: -3, max: 5 }), fc.integer({ min: 0, max: 9 }));
    const rows = fc.array(row, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { minLength: 1, maxLength: 4 }), fc.boolean(), async (parts, sumRatings) => {
        const text = (part: unknown[][]) => `user,item,rating,time\n${part.map((one) => one.join(',')).join('\n')}\n`;
        const whole = file('whole.csv', text(parts.flat()));
        const list = parts.map((part, at) => file(`piece-${at}.csv`, text(part)));
        const read = async (source: string | string[]) => {
          try {
            const {
              sha256: _,
              source: __,
              report,
              userIds,
              itemIds,
              ...columns
            } = await readInteractions(source, { sumRatings });
            const { rejectsFile: ___, ratings, ...counts } = report;
            const range = [ratings?.min, ratings?.max, ratings?.mean.toFixed(9)];
            return {
              ...columns,
              counts,
              range,
              users: [...columns.users],
              ids: [userIds, itemIds].map((ids) => Array.from({ length: ids.size }, (_, i) => ids.idOf(i))),
            };
          } catch (error) {
            return { code: (error as { code: string }).code };
          }
        };
        expect(await read(list)).toEqual(await read(whole));
      }),
      draws(15),
    );
  }, 60_000);

  test('the report of several files is that of one with all their rows', async () => {
    const [first, second] = ['1,2,3,7\nNULL,3,4,\n,,,\n', '1,2,,8\n4,None,,\nuser,item,rating,time\n'];
    const header = 'user,item,rating,time\n';
    const parts = [file('part-a.csv', header + first), file('part-b.csv', header + second)];
    const { report: whole, ...log } = await readInteractions(file('all.csv', header + first + second));
    const { report: joined, ...cut } = await readInteractions(parts);
    expect(joined).toEqual(whole);
    expect(joined).toMatchObject({
      withoutRating: 2,
      withoutTime: 2,
      nullIds: { count: 2, texts: ['NULL', 'None'] },
      passed: { blankRows: 1, repeatedHeaders: 1 },
    });
    expect([...cut.ratings!]).toEqual([...log.ratings!]);
  });

  test('a header counts for its own file; a file without one follows the first', async () => {
    const first = file('split-aa.csv', 'item,user\n10,1\n20,1\n');
    const other = file('other-order.csv', 'user,item\n3,30\n');
    const rest = file('split-ab.csv', '10,2\n30,2\n');
    expect(pairs(await readInteractions([first, other, rest]))).toEqual([
      ['1', '10'],
      ['1', '20'],
      ['2', '10'],
      ['2', '30'],
      ['3', '30'],
    ]);
  });

  test('folders: any depth, Spark’s own files are passed over, parts without rows too', async () => {
    deep('spark/_SUCCESS', '');
    deep('spark/.part-0.csv.crc', 'crc');
    deep('spark/_temporary/part-9.csv', 'user,item\n9,9\n');
    deep('spark/a/part-0.csv', 'user,item\n1,2\n');
    deep('spark/b/part-0.csv', 'user,item\n');
    deep('spark/b/part-1.csv.gz', gzipSync('user,item\n1,2\n3,4\n'));
    deep('spark/b/part-2.csv', '');
    const log = await readInteractions(join(folder, 'spark'));
    expect(pairs(log)).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
    expect(log.report).toMatchObject({ rows: 3, duplicates: 1 });
    await expect(readInteractions(join(folder, 'spark/b/part-[02].csv'))).rejects.toMatchObject({ code: 'empty-data' });
    await expect(readInteractions(join(folder, 'spark/*.parquet'))).rejects.toThrow('*.parquet: no such file');
  });

  test('errors name the file and its line; each file has its own list of bad rows', async () => {
    deep('years/year=2024/part.csv', 'user,item\n1,2\n');
    deep('years/year=2025/part.csv', 'user,item\n1,2\n3,\n');
    deep('years/year=2026/part.csv', 'user,item\n,2\n5,6\n');
    const source = join(folder, 'years');
    await expect(readInteractions(source)).rejects.toMatchObject({
      code: 'bad-row',
      facts: { file: join(source, 'year=2025/part.csv'), line: 3, column: 'item' },
    });
    const log = await readInteractions(source, { onBadRow: 'skip', rejectsDirectory: join(folder, 'rejects') });
    expect(log.report.skipped).toBe(2);
    const lists = log.report.rejectsFile!.split(', ');
    expect(lists.map((path) => basename(path))).toEqual([
      'year=2025-part.csv.rejects.csv',
      'year=2026-part.csv.rejects.csv',
    ]);
    expect(readFileSync(lists[1]!, 'utf8')).toContain('\n2,user,,');
  });

  test('Parquet in Hive partitions: the folders are columns', async () => {
    const root = join(folder, 'hive');
    mkdirSync(root, { recursive: true });
    await duck(
      `COPY (SELECT * FROM (VALUES (1, 7, DATE '2024-05-31', 'view'), (2, 7, DATE '2024-06-01', 'buy'), (1, 8, DATE '2024-06-01', 'view')) t(user, item, day, event)) ` +
        `TO '${root}' (FORMAT parquet, PARTITION_BY (day, event))`,
    );
    const log = await readInteractions(root, { time: 'day', eventWeights: { view: 0.5, buy: 1 } });
    expect(pairs(log)).toEqual([
      ['1', '7'],
      ['1', '8'],
      ['2', '7'],
    ]);
    expect([...log.times!]).toEqual(['2024-05-31', '2024-06-01', '2024-06-01'].map((day) => Date.parse(day) / 1000));
    expect([...log.weights!]).toEqual([0.5, 0.5, 1]);
    expect(log.report.kinds).toEqual([
      { kind: 'view', rows: 2, weight: 0.5 },
      { kind: 'buy', rows: 1, weight: 1 },
    ]);
  });

  test('files with other columns are refused by name', async () => {
    const rated = file('rated.csv', 'user,item,rating\n1,2,3\n');
    const plain = file('unrated.csv', 'user,item\n1,2\n');
    await expect(readInteractions([rated, plain])).rejects.toMatchObject({
      code: 'missing-column',
      facts: { file: plain, got: 'rating' },
    });
    expect(pairs(await readInteractions([rated, plain], { rating: false }))).toEqual([['1', '2']]);
    await expect(readInteractions([])).rejects.toMatchObject({ code: 'bad-option' });
    await expect(readInteractions(['-', '-'])).rejects.toThrow('standard input can be read once');
  });
});

describe('JSON arrays', () => {
  test('a file of the field', async () => {
    const log = await readInteractions(join(cases, 'array.json'));
    expect([log.users.length, log.userIds.size, log.itemIds.size]).toEqual([383, 40, 30]);
    expect(log.sha256).toBe(sha256(readFileSync(join(cases, 'array.json'))));
  });

  test('property: any array of objects, however it is laid out, is its lines', async () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((one) => one.trim() !== '' && !/[\0\uFFFD]|^\s*[[{]/.test(one));
    const object = fc.record({ user: text, item: text, more: fc.jsonValue({ maxDepth: 2 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(undefined, 1, '\t'),
        fc.boolean(),
        async (objects, indent, gzip) => {
          const array = JSON.stringify(objects, null, indent);
          const path = file('any-array.json', gzip ? gzipSync(array) : array);
          const lines = file('any-lines.jsonl', objects.map((one) => JSON.stringify(one)).join('\n'));
          expect(pairs(await readInteractions(path))).toEqual(pairs(await readInteractions(lines)));
        },
      ),
      draws(20),
    );
  }, 60_000);

  test('long numbers keep their digits; faults name the element', async () => {
    const path = file('long.json', '[{"user": 12345678901234567890, "item": 1}]');
    expect(pairs(await readInteractions(path))).toEqual([['12345678901234567890', '1']]);
    const bad = file('bad-array.json', '[{"user": 1,\n"item": 2}, {"user": 3}, 7]');
    await expect(readInteractions(bad)).rejects.toThrow(`${bad}, element 2, column item: got ""`);
    await expect(readInteractions(file('cut.json', '[{"user": 1, "item": 2}'))).rejects.toThrow('cut off');
    await expect(readInteractions(file('after.json', '[{"user": 1, "item": 2}] x'))).rejects.toThrow('text after');
    await expect(readInteractions(file('none.json', '[]'))).rejects.toMatchObject({ code: 'empty-data' });
  });
});

describe('lists', () => {
  test('Parquet: one user with many items; their ratings in a second list', async () => {
    const log = await readInteractions(join(cases, 'list-column.parquet'));
    expect([log.users.length, log.userIds.size, log.itemIds.size]).toEqual([383, 40, 30]);
    const path = join(folder, 'lists.parquet');
    await duck(
      `COPY (SELECT * FROM (VALUES (1, [7, 8], [5.0, 4.0]), (2, [], []), (3, ['9'::INT], [1.0])) t(user, item, rating)) TO '${path}' (FORMAT parquet)`,
    );
    const rated = await readInteractions(path);
    expect(pairs(rated)).toEqual([
      ['1', '7'],
      ['1', '8'],
      ['3', '9'],
    ]);
    expect([...rated.ratings!]).toEqual([5, 4, 1]);
  });

  test('lists of different lengths are a bad row, a missing list means no ratings', async () => {
    const parquet = join(folder, 'uneven.parquet');
    await duck(
      `COPY (SELECT * FROM (VALUES (1, [7, 8], [5.0, 4.0]), (2, [7, 8], [1.0]), (3, [7], [1.0, 2.0]), (4, [9], NULL)) t(user, item, rating)) TO '${parquet}' (FORMAT parquet)`,
    );
    const json = file(
      'uneven.jsonl',
      '{"user":1,"item":[7,8],"rating":[5,4]}\n{"user":2,"item":[7,8],"rating":[1]}\n{"user":3,"item":[7],"rating":[1,2]}\n{"user":4,"item":[9]}\n',
    );
    for (const path of [parquet, json]) {
      await expect(readInteractions(path)).rejects.toMatchObject({
        code: 'bad-row',
        facts: { line: 2, column: 'item', got: 'lists of different lengths' },
      });
      const log = await readInteractions(path, { onBadRow: 'skip', rejectsDirectory: folder });
      expect(pairs(log)).toEqual([
        ['1', '7'],
        ['1', '8'],
        ['4', '9'],
      ]);
      expect([[...log.ratings!], log.report.withoutRating]).toEqual([[5, 4, Number.NaN], 1]);
    }
  });

  test('Parquet: structs, maps, lists of structs and lists of users are refused', async () => {
    for (const [name, row] of Object.entries({
      struct: `1 AS user, {'id': 7} AS item`,
      map: `1 AS user, MAP {'a': 1} AS item`,
      structs: `1 AS user, [{'id': 7}] AS item`,
      nested: `1 AS user, [[7]] AS item`,
      users: `[1, 2] AS user, 7 AS item`,
    })) {
      const path = join(folder, `${name}.parquet`);
      await duck(`COPY (SELECT ${row}) TO '${path}' (FORMAT parquet)`);
      const column = name === 'users' ? 'user' : 'item';
      await expect(readInteractions(path)).rejects.toMatchObject({
        code: 'nested-column',
        facts: { file: path, column },
      });
    }
  });

  test('JSON: lists of items are unfolded, anything deeper is a bad row', async () => {
    const path = file(
      'lists.jsonl',
      '{"user": 1, "item": [7, "8"]}\n{"user": 2, "item": []}\n{"user": 3, "item": 9}\n',
    );
    expect(pairs(await readInteractions(path))).toEqual([
      ['1', '7'],
      ['1', '8'],
      ['3', '9'],
    ]);
    const deeper = file(
      'deeper.jsonl',
      '{"user": 1, "item": [7]}\n{"user": 2, "item": [{"id": 8}]}\n{"user": 3, "item": [4, null]}\n',
    );
    await expect(readInteractions(deeper)).rejects.toMatchObject({
      code: 'bad-row',
      facts: { line: 2, column: 'item' },
    });
    const skipped = await readInteractions(deeper, { onBadRow: 'skip', rejectsDirectory: folder });
    expect([pairs(skipped), skipped.report.skipped]).toEqual([[['1', '7']], 2]);
    const object = file('object.jsonl', '{"user": {"id": 1}, "item": 2}\n');
    await expect(readInteractions(object)).rejects.toThrow('got "{\\"id\\":1}", expected a text or a number');
  });

  test('JSON: a list that only a later row has is never an id; a text that looks like one is', async () => {
    const late = `${'{"user": 1, "item": 2}\n'.repeat(1200)}{"user": 3, "item": [4]}\n`;
    await expect(readInteractions(file('late.jsonl', late))).rejects.toMatchObject({ facts: { line: 1201 } });
    expect(pairs(await readInteractions(file('text.jsonl', '{"user": "[a]", "item": "{b}"}\n')))).toEqual([
      ['[a]', '{b}'],
    ]);
  });
});

describe('archives', () => {
  test('ZIP with one file, zstd; what archivers add is passed over', async () => {
    const log = await readInteractions(join(cases, 'archive.zip'));
    expect([log.users.length, log.userIds.size, log.itemIds.size]).toEqual([383, 40, 30]);
    expect(log.sha256).toBe(sha256(readFileSync(join(cases, 'archive.zip'))));
    const zip = zipSync({ 'data/log.csv': strToU8('user,item\n1,2\n'), '__MACOSX/data/._log.csv': strToU8('x') });
    expect(pairs(await readInteractions(file('mac.zip', zip)))).toEqual([['1', '2']]);
    // The output of zstd for "user,item\n1,2\n1,3\n", as bytes.
    const zst = Buffer.from('KLUv/SQSkQAAdXNlcixpdGVtCjEsMgoxLDMKGH70Ww==', 'base64');
    expect(pairs(await readInteractions(file('log.csv.zst', zst)))).toEqual([
      ['1', '2'],
      ['1', '3'],
    ]);
    const cut = file('cut.csv.zst', zst.subarray(0, 20));
    await expect(readInteractions(cut)).rejects.toMatchObject({ code: 'unreadable-file', facts: { file: cut } });
  });

  test.each([
    [
      'two.zip',
      zipSync({ 'a.csv': strToU8('1,2'), 'b.csv': strToU8('1,2') }),
      'a ZIP archive with 2 files (a.csv, b.csv)',
    ],
    ['empty.zip', zipSync({ 'a/': new Uint8Array(0) }), 'a ZIP archive without files'],
    [
      'book.xlsx',
      zipSync({ '[Content_Types].xml': strToU8('<x/>'), 'xl/a.xml': strToU8('<x/>') }),
      'Save the sheet as CSV',
    ],
    ['log.csv.bz2', Buffer.from('BZh91AY&SY', 'latin1'), 'bunzip2 -k'],
    ['log.csv.xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]), 'unxz -k'],
    ['log.7z', Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]), '7z x'],
    ['log.tar', tar('user,item\n1,2\n'), 'tar -xf'],
    ['log.tar.gz', gzipSync(tar('user,item\n1,2\n')), 'tar -xf'],
  ])('%s is refused with what to do', async (name, bytes, words) => {
    const path = file(name, bytes);
    const failure = expect(readInteractions(path)).rejects;
    await failure.toMatchObject({ code: 'packed-file', facts: { file: path } });
    await expect(readInteractions(path)).rejects.toThrow(words);
  });

  test('a broken archive is said; a text that begins like one is read', async () => {
    const zip = readFileSync(join(cases, 'archive.zip'));
    const cut = file('cut.zip', zip.subarray(0, 2000));
    await expect(readInteractions(cut)).rejects.toMatchObject({ code: 'unreadable-file', facts: { file: cut } });
    expect(pairs(await readInteractions(file('bzh.csv', 'BZh1,2\nBZh1,3\n')))).toHaveLength(2);
  });
});

/** A tar archive of one file: a header of 512 bytes with the magic at 257, then the text. */
function tar(text: string): Buffer {
  const header = Buffer.alloc(512);
  header.write('log.csv', 0);
  header.write('ustar', 257);
  return Buffer.concat([header, Buffer.from(text.padEnd(512, '\0')), Buffer.alloc(1024)]);
}

/** A new key with its certificate for 127.0.0.1, by the program openssl; undefined without it. */
function selfSigned(): { key: string; cert: string; path: string } | undefined {
  const [key, path] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [string, string];
  const kind = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
  ];
  try {
    execFileSync(
      'openssl',
      ['req', '-x509', ...kind, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', path],
      { stdio: 'ignore' },
    );
  } catch {
    return undefined;
  }
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(path, 'utf8'), path };
}

describe('downloads', () => {
  const csv = 'user,item\n1,2\n3,4\n';
  const servers: { close(): void }[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  /** Serves on a free port; returns the place. */
  const serve = async (answer: RequestListener, secure?: { key: string; cert: string }) => {
    const server = secure ? createSecureServer(secure, answer) : createServer(answer);
    servers.push(server);
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  test('a file, compressed ones, redirects; login and query stay out of records', async () => {
    let authorization: string | undefined;
    const place = await serve((request, response) => {
      authorization = request.headers.authorization;
      if (request.url === '/moved') response.writeHead(302, { location: '/log.csv.gz' }).end();
      else if (request.url!.includes('.gz')) response.end(gzipSync(csv));
      else response.end(csv);
    });
    for (const path of ['/log.csv', '/log.csv.gz', '/moved', '/log.csv?token=secret']) {
      const log = await readInteractions(`${place}${path}`);
      expect(pairs(log)).toHaveLength(2);
      expect(log.source).toBe(`${place}${path.replace(/\?.*/, '')}`);
    }
    const both = await readInteractions([`${place}/a.csv`, file('here.csv', 'user,item\n5,6\n')]);
    expect(pairs(both)).toHaveLength(3);
    const withLogin = await readInteractions(`${place.replace('//', '//me:p%40ss@')}/log.csv`);
    expect(authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(withLogin.source).toBe(`${place}/log.csv`);
  });

  test('what goes wrong is said, without the query', async () => {
    const place = await serve((request, response) => {
      const answers: Record<string, () => void> = {
        '/page': () => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>'),
        '/secret': () => response.writeHead(403).end(),
        // Without a length: the limit counts what comes.
        '/endless': () => {
          const more = () => {
            if (!response.destroyed) response.write('1,2\n'.repeat(10_000), more);
          };
          more();
        },
        '/large': () => response.writeHead(200, { 'content-length': 5e6 }).end(),
        '/broken': () => {
          response.writeHead(200, { 'content-length': 100 });
          response.write('user,item\n');
          setTimeout(() => response.destroy(), 20);
        },
        '/bad.csv': () => response.end('user,item\n1,\n'),
      };
      (answers[request.url!.replace(/\?.*/, '')] ?? (() => response.writeHead(404).end()))();
    });
    const limit = { downloadLimit: 1 };
    const failures: [string, string][] = [
      ['/nothing?key=secret', 'the server answered 404 Not Found. Check the address.'],
      ['/secret', 'needs a login'],
      ['/page', 'it is a web page'],
      ['/large', 'it is larger than 1 MB'],
      ['/endless', 'it is larger than 1 MB'],
      ['/broken', 'cannot be downloaded'],
    ];
    for (const [path, words] of failures) {
      const error: Error = await readInteractions(`${place}${path}`, limit).then(
        () => new Error('was read'),
        (reason) => reason,
      );
      expect(error).toMatchObject({ code: 'download-failed' });
      expect(error.message).toContain(words);
      expect(error.message).not.toContain('key=secret');
    }
    await expect(readInteractions(`${place}/bad.csv?key=secret`)).rejects.toThrow(
      `${place}/bad.csv, line 2, column item`,
    );
    await expect(readInteractions('https://127.0.0.1:9/log.csv')).rejects.toMatchObject({ code: 'download-failed' });
  });

  test('https: a certificate that nobody trusts is named', async () => {
    const made = selfSigned();
    if (!made) return;
    const place = await serve((_, response) => response.end(csv), made);
    await expect(readInteractions(`${place}/log.csv`)).rejects.toThrow('its certificate is not trusted');
    const script = `import { readInteractions } from ${JSON.stringify(join(import.meta.dirname, '../../dist/index.js'))};
      const log = await readInteractions('${place}/log.csv'); console.log(log.users.length);`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: made.path };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
    expect(stdout.trim()).toBe('2');
  });
});
