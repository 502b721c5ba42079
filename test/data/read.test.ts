import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readInteractions } from '../../src/data/read.ts';
import { draws } from '../support/property-seed.ts';
import { file, folder, pairs } from './temporary.ts';

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('formats', () => {
  const expected = [
    ['1', '10'],
    ['1', '20'],
    ['2', '10'],
  ];
  const contents: Record<string, string> = {
    'plain.csv': 'user,item\n1,10\n1,20\n2,10\n',
    'plain.tsv': 'user\titem\n1\t10\n1\t20\n2\t10\n',
    'semicolon.csv': 'User-ID;ISBN\n1;10\n1;20\n2;10\n',
    'ratings.dat': '1::10::4::978300760\n1::20::3::978302109\n2::10::5::978301968\n',
    'u.data': '1\t10\t4\t880430972\n1\t20\t3\t882214193\n2\t10\t5\t875607489\n',
    'log.inter': 'user_id:token\titem_id:token\n1\t10\n1\t20\n2\t10\n',
    'lightgcn.txt': '1 10 20\n2 10\n3\n',
    'table.txt': '1 10\n1 20\n2 10\n',
    'log.jsonl': '{"user": 1, "item": 10}\n\n{"item": "20", "user": "1", "more": [1]}\n{"user": 2, "item": 10}\n',
    'bare.csv': '1,10\n1,20\n2,10',
    'crlf.csv': 'user,item\r\n1,10\r\n1,20\r\n2,10\r\n',
    'mixed-line-ends.csv': 'user,item\r\n1,10\n1,20\r\n2,10\n',
    'blank-lines.csv': 'user,item\n\n1,10\n\n\n1,20\n2,10\n\n',
    'leading-blank-lines.csv': '\n\nuser,item\n1,10\n1,20\n2,10\n',
    'byte-order-mark.csv': '\uFEFFuser,item\n1,10\n1,20\n2,10\n',
    'dense.csv': 'who,what\n1,10\n1,20\n2,10\n',
  };
  test.each(Object.keys(contents))('%s, plain and gzip', async (name) => {
    const text = contents[name]!;
    expect(pairs(await readInteractions(file(name, text)))).toEqual(expected);
    expect(pairs(await readInteractions(file(`${name}.gz`, gzipSync(text))))).toEqual(expected);
  });

  test('Parquet with numbers, texts, dates and gzip around it', async () => {
    const path = join(folder, "a'b.parquet");
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT * FROM (VALUES ('x', 7, 4.5, TIMESTAMP '1970-01-02 00:00:00'), ('é', 8, 3, TIMESTAMP '1970-01-03 00:00:00')) t(user, item, rating, time)) ` +
        `TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    const zipped = file('zipped.parquet.gz', gzipSync(readFileSync(path)));
    for (const log of [await readInteractions(path), await readInteractions(zipped)]) {
      expect(pairs(log)).toEqual([
        ['x', '7'],
        ['é', '8'],
      ]);
      expect([...log.ratings!]).toEqual([4.5, 3]);
      expect([...log.times!]).toEqual([86400, 2 * 86400]);
    }
    await expect(readInteractions(path, { user: 'nobody' })).rejects.toThrow(
      'the columns are: user, item, rating, time',
    );
  });

  test('bad rows of Parquet are named by row', async () => {
    const path = join(folder, 'bad.parquet');
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT * FROM (VALUES (1, 7), (NULL, 8), (2, 9)) t(user, item)) TO '${path}' (FORMAT parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    await expect(readInteractions(path)).rejects.toThrow('line 2, column user: got ""');
    const log = await readInteractions(path, { onBadRow: 'skip', rejectsDirectory: folder });
    expect(pairs(log)).toEqual([
      ['1', '7'],
      ['2', '9'],
    ]);
    expect(log.report.skipped).toBe(1);
  });
});

describe('ids', () => {
  test('any texts come back as they were, sorted by bytes', async () => {
    const id = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .map((text) => text.replaceAll('\0', ''))
      .filter((text) => text.trim() !== '');
    const special = fc.constantFrom(
      'a,b',
      'say "hi"',
      '007',
      'line\nbreak',
      '日本',
      '🎬',
      "o'hara",
      '\\',
      ';',
      '1e5',
      'null',
      'NaN',
    );
    const rows = fc.array(fc.tuple(fc.oneof(id, special), fc.oneof(id, special)), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        const text = stringify([['user', 'item'], ...list], { quoted: true });
        const log = await readInteractions(file('ids.csv', text));
        const distinct = new Set(list.map((row) => JSON.stringify(row)));
        expect(new Set(pairs(log).map((row) => JSON.stringify(row)))).toEqual(distinct);
        expect(log.report).toMatchObject({ rows: list.length, duplicates: list.length - distinct.size, skipped: 0 });
        if (![...log.userIds].every((text) => /^-?\d+$/.test(text)))
          expect([...log.userIds]).toEqual([...log.userIds].sort(byBytes));
      }),
      draws(40),
    );
  });

  test('leading zeros make a column textual', async () => {
    const log = await readInteractions(file('zeros.csv', 'user,item\n007,1\n7,10\n10,9\n'));
    expect([...log.userIds]).toEqual(['007', '10', '7']);
    expect([...log.itemIds]).toEqual(['1', '9', '10']);
  });

  test('a late text after many numbers is still read as text', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${i},1`);
    const log = await readInteractions(file('late.csv', `user,item\n${lines.join('\n')}\n0001,1\n`));
    expect(log.userIds.size).toBe(3001);
    expect(log.userIds.indexOf('0001')).toBeGreaterThanOrEqual(0);
  });
});

describe('columns', () => {
  const path = () =>
    file(
      'columns.csv',
      'when,movieId,stars,userId,boost\n1970-01-02,a,4,x,2\n1970-01-02T00:00:01Z,b,2.5,y,0\n1970-01-02 00:01,c,1e0,x,1\n',
    );

  test('usual names are found, in any order', async () => {
    const log = await readInteractions(path(), { time: 'when', weight: 'boost' });
    expect(pairs(log)).toEqual([
      ['x', 'a'],
      ['x', 'c'],
      ['y', 'b'],
    ]);
    expect([...log.ratings!]).toEqual([4, 1, 2.5]);
    expect([...log.times!]).toEqual([86400, 86400 + 60, 86400 + 1]);
    expect([...log.weights!]).toEqual([2, 1, 0]);
  });

  test('dates are seconds since 1970 UTC, offsets heeded', async () => {
    const texts = [
      '2014-01-02',
      '2014-01-02T10:00',
      '2014-01-02 10:00:00.5',
      '2014-01-02T10:00:00Z',
      '2014-01-02T10:00:00+02:00',
      '2014-01-02 10:00:00-05',
    ];
    const seconds = [
      '2014-01-02T00:00Z',
      '2014-01-02T10:00Z',
      '2014-01-02T10:00:00.5Z',
      '2014-01-02T10:00Z',
      '2014-01-02T08:00Z',
      '2014-01-02T15:00Z',
    ];
    const rows = texts.map((text, e) => `1,${e},${text}`).join('\n');
    const log = await readInteractions(file('dates.csv', `user,item,time\n${rows}\n`));
    expect([...log.times!]).toEqual(seconds.map((text) => Date.parse(text) / 1000));
  });

  test('by name and by position from 1 are the same', async () => {
    const byName = await readInteractions(path(), { user: 'userId', item: 'movieId', rating: false });
    const byPosition = await readInteractions(path(), { user: 4, item: '2', rating: false });
    expect(pairs(byPosition)).toEqual(pairs(byName));
    expect(byName.ratings).toBeUndefined();
  });

  test('a missing column is named beside those there are', async () => {
    await expect(readInteractions(path(), { user: 'person' })).rejects.toThrow(
      'no column "person" for user; the columns are: when, movieId, stars, userId, boost.',
    );
    await expect(readInteractions(path(), { item: 9 })).rejects.toMatchObject({ code: 'missing-column' });
    await expect(readInteractions(file('one.csv', 'user\na\n'))).rejects.toMatchObject({ code: 'missing-column' });
    await expect(readInteractions(file('none.csv', 'user,item\na,b\n'), { minRating: 3 })).rejects.toThrow(
      'rating that minRating needs',
    );
  });

  test('a minimum rating keeps that rating and above, in both kinds of ids', async () => {
    for (const [name, user] of [
      ['numbers.csv', '5'],
      ['texts.csv', 'x'],
    ] as const) {
      const log = await readInteractions(file(name, `user,item,rating\n${user},1,2\n${user},2,3\n6,3,2.99\n`), {
        minRating: 3,
      });
      expect(pairs(log)).toEqual([[user, '2']]);
      expect(log.report).toMatchObject({ rows: 3, belowMinRating: 2, ratings: { min: 3, mean: 3, max: 3 } });
      expect(log.userIds.size).toBe(1);
    }
  });

  test('duplicates keep the largest rating and weight and the latest time', async () => {
    const log = await readInteractions(
      file('twice.csv', 'user,item,rating,time,w\na,b,3,10,1\na,b,5,7,4\na,b,4,9,2\n'),
      { weight: 'w' },
    );
    expect([log.ratings![0], log.times![0], log.weights![0], log.report.duplicates]).toEqual([5, 10, 4, 2]);
  });
});

describe('header', () => {
  const users = async (text: string, header?: boolean) => [
    ...(await readInteractions(file('header.csv', text), { header })).userIds,
  ];
  test('a usual name, or text above numbers, makes a header; text above text does not', async () => {
    expect(await users('customer,thing\nann,tea\n')).toEqual(['ann']);
    expect(await users('who,what\n1,2\n3,4\n')).toEqual(['1', '3']);
    expect(await users('ann,tea\nbob,milk\n')).toEqual(['ann', 'bob']);
    expect(await users('1,2\n3,4\n')).toEqual(['1', '3']);
  });
  test('the option decides where the rule errs', async () => {
    expect(await users('user,item\nann,tea\n', false)).toEqual(['ann', 'user']);
    expect(await users('who,what\nann,tea\n', true)).toEqual(['ann']);
  });
});

describe('shapes', () => {
  test('files without interactions are told apart', async () => {
    await expect(readInteractions(join(folder, 'nowhere.csv'))).rejects.toMatchObject({ code: 'file-not-found' });
    const emptyFolder = mkdtempSync(join(folder, 'empty-'));
    await expect(readInteractions(emptyFolder)).rejects.toThrow('the folder holds no files');
    await expect(readInteractions(file('empty.csv', ''))).rejects.toThrow('the file is empty');
    await expect(readInteractions(file('empty.csv.gz', gzipSync('')))).rejects.toThrow('the file is empty');
    await expect(readInteractions(file('head.csv', 'user,item\n'))).rejects.toThrow('a header and no rows');
    await expect(readInteractions(file('blank.csv', '\n\n'))).rejects.toThrow('no rows');
    await expect(readInteractions(file('none.parquet', 'PAR1 nothing'))).rejects.toMatchObject({
      code: 'unreadable-file',
    });
    await expect(readInteractions(file('cut.csv.gz', gzipSync('user,item\n1,2\n').subarray(0, 9)))).rejects.toThrow();
  });

  test('a gzip file that is cut off', async () => {
    const text = Array.from({ length: 60_000 }, (_, e) => `${(e * 7919) % 100_003} ${e}`).join('\n');
    const whole = gzipSync(text);
    const path = file('cut.txt.gz', whole.subarray(0, whole.length >> 1));
    for (const format of ['csv', 'lightgcn'] as const) {
      await expect(readInteractions(path, { format })).rejects.toMatchObject({ code: 'unreadable-file' });
    }
  });

  test('a single user, and a user with every item', async () => {
    expect(pairs(await readInteractions(file('single.csv', 'user,item\na,b\n')))).toEqual([['a', 'b']]);
    const every = Array.from({ length: 5000 }, (_, i) => `9,${i}`).join('\n');
    const log = await readInteractions(file('every.csv', `user,item\n8,3\n${every}`));
    expect([log.userIds.size, log.itemIds.size, log.users.length]).toEqual([2, 5000, 5001]);
    const wide = await readInteractions(
      file('every.txt', `8 3\n9 ${Array.from({ length: 200_000 }, (_, i) => i).join(' ')}\n`),
      { format: 'lightgcn' },
    );
    expect([wide.userIds.size, wide.users.length]).toEqual([2, 200_001]);
  });

  test('the SHA-256 is that of the bytes', async () => {
    const text = 'user,item\n1,2\n';
    expect((await readInteractions(file('sum.csv', text))).sha256).toBe(
      createHash('sha256').update(text).digest('hex'),
    );
  });

  test('columns lie in shared memory', async () => {
    const log = await readInteractions(file('shared.csv', 'user,item\n1,2\n'));
    expect(log.users.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(log.items.buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});

describe('bad rows', () => {
  const bad =
    'user,item,rating,time\n1,"a\nb",3,5\n\n2,b,many,5\n,c,4,5\n3,d\n4,e,5,6,7\n5,f,1,2020-02-31\n6,g,2,7\n7,"h"x,2,7\n8,i,nan,7\n';
  const reasons = [
    '5,rating,many,',
    '6,user,,',
    '7,2,2 fields,',
    '8,5,5 fields,',
    '9,time,2020-02-31,',
    '11,item,',
    '12,rating,nan,',
  ];

  test('the first is an error with file, line, column, got and expected', async () => {
    const path = file('bad.csv', bad);
    await expect(readInteractions(path)).rejects.toMatchObject({
      code: 'bad-row',
      facts: { file: path, line: 5, column: 'rating', got: 'many', expected: 'a number' },
      message: expect.stringContaining(`${path}, line 5, column rating: got "many", expected a number`),
    });
  });

  test('skipped ones are counted and written down', async () => {
    const log = await readInteractions(file('skip.csv.gz', gzipSync(bad)), {
      onBadRow: 'skip',
      rejectsDirectory: join(folder, 'rejects'),
    });
    expect(pairs(log)).toEqual([
      ['1', 'a\nb'],
      ['6', 'g'],
    ]);
    expect(log.report).toMatchObject({
      rows: 2,
      skipped: reasons.length,
      rejectsFile: join(folder, 'rejects', 'skip.csv.gz.rejects.csv'),
    });
    const lines = readFileSync(log.report.rejectsFile!, 'utf8').trim().split('\n');
    expect(lines[0]).toBe('line,column,value,reason');
    lines.slice(1).forEach((line, i) => {
      expect(line.startsWith(reasons[i]!), line).toBe(true);
    });
  });

  test('a good file leaves no rejects file', async () => {
    const log = await readInteractions(file('good.csv', 'user,item\n1,2\n'), {
      onBadRow: 'skip',
      rejectsDirectory: folder,
    });
    expect(log.report.rejectsFile).toBeUndefined();
    expect(existsSync(join(folder, 'good.csv.rejects.csv'))).toBe(false);
  });

  test('JSON lines: broken lines and blank ids', async () => {
    const path = file(
      'bad.jsonl',
      '{"user":"a","item":"b"}\n\n{"user":"c"\n[1]\n{"user":null,"item":"d"}\n{"user":"e","item":"f"}\n',
    );
    await expect(readInteractions(path)).rejects.toThrow(
      'line 3, column 1: got "{\\"user\\":\\"c\\"", expected a JSON object',
    );
    const log = await readInteractions(path, { onBadRow: 'skip', rejectsDirectory: folder });
    expect(pairs(log)).toEqual([
      ['a', 'b'],
      ['e', 'f'],
    ]);
    expect(log.report.skipped).toBe(3);
  });

  test('LightGCN text: what is no whole number', async () => {
    const path = file('bad.txt', '1 2 x 3\ny 4\n5 6\n');
    await expect(readInteractions(path, { format: 'lightgcn' })).rejects.toThrow('line 1, column 3 (item): got "x"');
    const log = await readInteractions(path, { format: 'lightgcn', onBadRow: 'skip', rejectsDirectory: folder });
    expect(pairs(log)).toEqual([
      ['1', '2'],
      ['1', '3'],
      ['5', '6'],
    ]);
    expect(log.report.skipped).toBe(2);
  });

  test('LightGCN text has no other columns', async () => {
    const path = file('pairs.txt', '1 2 3\n4 5\n');
    await expect(readInteractions(path, { minRating: 3 })).rejects.toMatchObject({ code: 'missing-column' });
    await expect(readInteractions(path, { time: 'time' })).rejects.toThrow('LightGCN text has no others');
  });

  test('bytes that are not UTF-8, and a quote never closed', async () => {
    const latin = file('latin.csv', Buffer.from('user,item\n1,caf\xe9\n2,tea\n', 'latin1'));
    await expect(readInteractions(latin)).rejects.toThrow('line 2, column item');
    await expect(readInteractions(file('open.csv', 'user,item\n1,2\n3,"4\n5,6\n'))).rejects.toThrow(
      'line 3, column item',
    );
  });

  test('when nothing is left that is said, with the counts', async () => {
    const path = file('all-bad.csv', 'user,item\n,1\n,2\n');
    await expect(readInteractions(path, { onBadRow: 'skip', rejectsDirectory: folder })).rejects.toThrow(
      '2 bad rows skipped',
    );
  });
});

test('options are checked', async () => {
  const path = file('options.csv', 'user,item\n1,2\n');
  await expect(readInteractions(path, { format: 'xls' as 'csv' })).rejects.toMatchObject({ code: 'bad-option' });
  await expect(readInteractions(path, { minRating: Number.NaN })).rejects.toMatchObject({ code: 'bad-option' });
  await expect(readInteractions(path, { onBadRow: 'ignore' as 'skip' })).rejects.toMatchObject({ code: 'bad-option' });
  await expect(readInteractions(path, { delimiter: '' })).rejects.toMatchObject({ code: 'bad-option' });
});
