// Files as the field has them, each of a kind: shortened after public formats and bug reports, with invented names. The right values were counted by hand.

import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/data/dataset.ts';
import type { Interactions } from '../../src/data/interactions.ts';
import { readInteractions } from '../../src/data/read.ts';
import type { ReadOptions } from '../../src/data/read-options.ts';
import { split } from '../../src/data/split/split.ts';
import { draws } from '../support/property-seed.ts';
import { file, folder, pairs } from './temporary.ts';

const cases = join(import.meta.dirname, 'cases');
const read = (name: string, options?: ReadOptions) => readInteractions(join(cases, name), options);
const readText = (name: string, text: string, options?: ReadOptions) => readInteractions(file(name, text), options);
const sizes = ({ userIds, itemIds, users }: Interactions) => [userIds.size, itemIds.size, users.length];
/** Role, position and how it was found, of each column read. */
const found = ({ report }: Interactions) =>
  Object.entries(report.columns!).flatMap(([role, column]) =>
    role === 'unread'
      ? []
      : [`${role} ${(column as { position: number }).position} by ${(column as { by: string }).by}`],
  );
const unread = ({ report }: Interactions) => report.columns!.unread.map(({ name, position }) => name ?? position);

describe('columns', () => {
  test('user, item, rating, time without a header are known by their values', async () => {
    const log = await read('movielens-layout.tsv');
    expect(sizes(log)).toEqual([40, 60, 364]);
    expect(found(log)).toEqual(['user 1 by values', 'item 2 by values', 'rating 3 by values', 'time 4 by values']);
    expect(unread(log)).toEqual([]);
    expect(log.report).toMatchObject({ rows: 364, belowMinRating: 0, ratings: { min: 1, max: 5 } });
    expect(log.times).toHaveLength(364);
    expect(sizes(await read('movielens-layout.tsv', { minRating: 4 }))[2]).toBeLessThan(364);
    const bare = await read('movielens-layout.tsv', { rating: false, time: false });
    expect([bare.ratings, bare.times]).toEqual([undefined, undefined]);
  });

  test.each([
    ['u1,i1,5\nu1,i2,3\n', ['user 1 by values', 'item 2 by values', 'rating 3 by values']],
    ['u1,i1,2024-05-31\nu1,i2,2024-06-01\n', ['user 1 by values', 'item 2 by values', 'time 3 by values']],
    [
      'u1::i1::4.5::978300760\nu1::i2::.5::978300761\n',
      ['user 1 by values', 'item 2 by values', 'rating 3 by values', 'time 4 by values'],
    ],
    ['u1,i1\nu2,i2\n', ['user 1 by position', 'item 2 by position']],
    ['who,what\n1,2\n3,4\n', ['user 1 by position', 'item 2 by position']],
    ['thing,customer\n1,2\n3,4\n', ['user 2 by name', 'item 1 by position']],
  ])('%j', async (text, expected) => {
    expect(found(await readText('layout.csv', text)).sort()).toEqual([...expected].sort());
  });

  test.each([
    ['times before items', 'u1\t2009-05-04T23:08:57Z\ti1\nu2\t2009-05-04T23:08:58Z\ti2\n'],
    ['seconds before items', 'u1,1241478537,5\nu2,1241478538,6\n'],
    ['words in column 3', 'u1,i1,view\nu2,i2,view\n'],
    ['large counts', 'u1,i1,13883\nu2,i2,11690\n'],
    ['five columns', '1,2,3,880430972,5\n2,2,3,880430973,5\n'],
    ['a number of the row', Array.from({ length: 40 }, (_, e) => `${e},${e % 7},${(e * 17) % 29}`).join('\n')],
    ['a header of unknown names', 'wer,was,wann\na,b,c\nd,e,f\n'],
    ['names over numbers', 'a,b,c\n1,2,3\n4,5,6\n'],
    ['a user without an item', 'user,sort,colour\nann,x,y\n'],
    ['the index of a data frame', ',user,colour,size\n0,ann,x,y\n1,bob,x,y\n'],
    ['a nameless first column of two', ',item\n0,a\n1,b\n'],
    ['a user and a time', 'user,timestamp\n1,2\n3,4\n'],
  ])('%s: an error with the columns and their values', async (_, text) => {
    const name = text.includes('\t') ? 'unclear.tsv' : 'unclear.csv';
    await expect(readText(name, text)).rejects.toMatchObject({ code: 'unclear-columns' });
  });

  test('the error shows each column with a value, and the flags', async () => {
    const error = await read('plays-time-second.tsv').catch((e) => e);
    expect(error.code).toBe('unclear-columns');
    for (const [position, value] of [
      [1, 'user_000038'],
      [2, '2009-05-04T23:08:57Z'],
      [3, 'f1b1cf71-bd35-4e99-8624-000000000010'],
      [6, 'Night "Shift'],
    ])
      expect(error.message).toContain(`\n   ${position}  ${value}`);
    expect(error.message).toContain('--item COLUMN');
  });

  test('with the item named, user is column 1; quotes are text and blank ids bad rows', async () => {
    await expect(read('plays-time-second.tsv', { item: 3 })).rejects.toThrow(
      'line 6, column 3: got "", expected an item',
    );
    const log = await read('plays-time-second.tsv', { item: 3, onBadRow: 'skip', rejectsDirectory: folder });
    // 80 rows, of which 10 have a blank id of the artist: 27 distinct texts with the blank one.
    expect([log.report.rows + log.report.skipped, log.report.skipped]).toEqual([80, 10]);
    expect(sizes(log)).toEqual([31, 27 - 1, 70]);
    const titles = await read('plays-time-second.tsv', { item: 6 });
    expect([...titles.itemIds]).toEqual(['Night "Shift']);
    expect(sizes(await read('plays-time-second.tsv', { item: 4 }))).toEqual([32, 30, 80]);
  });

  test('a date in column 1 is no id', async () => {
    const log = await read('date-first.csv');
    expect(sizes(log)).toEqual([40, 30, 383]);
    expect(found(log)).toEqual(['user 2 by name', 'item 3 by name']);
    expect(unread(log)).toEqual(['order_date', 'qty']);
  });

  test('two columns of one name', async () => {
    const text = 'user,item,Item\na,b,c\n';
    await expect(readText('same.csv', text)).rejects.toMatchObject({
      code: 'same-name',
      facts: { names: ['item', 'Item'], positions: [2, 3] },
    });
    await expect(readText('same.csv', text, { item: 'Item' })).rejects.toMatchObject({ code: 'same-name' });
    expect(pairs(await readText('same.csv', text, { item: 3 }))).toEqual([['a', 'c']]);
    expect(pairs(await readText('other.csv', 'user,item,x,x\na,b,c,d\n'))).toEqual([['a', 'b']]);
  });

  test('names in other languages and trades', async () => {
    for (const [user, item] of [
      ['Kundennummer', 'Artikelnummer'],
      ['id_utilisateur', 'id_produit'],
      ['usuario', 'artículo'],
      ['client_id', 'SKU'],
      ['Customer No', 'StockCode'],
    ])
      expect(found(await readText('names.csv', `x,${item},${user}\n1,b,a\n`))).toEqual([
        'user 3 by name',
        'item 2 by name',
      ]);
  });
});

describe('headers', () => {
  test('a word that is a known name does not make one', async () => {
    expect(sizes(await read('firstrow-is-name.csv'))).toEqual([2, 2, 4]);
    for (const text of [
      'u1,book\nu1,toys\nu2,book\n',
      'u1,book\nu2,toys\nu3,cars\n',
      'ann,book,2024-01-02\nbob,toys,2024-01-03\n',
    ])
      expect((await readText('word.csv', text)).report.rows).toBe(text.trim().split('\n').length);
  });

  test('repeated ones are passed over and counted', async () => {
    const log = await read('header-again.csv');
    expect(sizes(log)).toEqual([40, 30, 383]);
    expect(log.report.passed!.repeatedHeaders).toBe(1);
    expect([...log.userIds]).not.toContain('userId');
    const texts = await readText('again.csv', '"user","item"\na,b\n"user","item"\nuser,item\nuser,x\n');
    expect(pairs(texts)).toEqual([
      ['a', 'b'],
      ['user', 'x'],
    ]);
    expect(texts.report.passed!.repeatedHeaders).toBe(2);
  });
});

describe('quotes', () => {
  test('tab-separated files have none, unless asked', async () => {
    const log = await read('unbalanced-quotes.tsv', { user: 1, item: 2 });
    expect(sizes(log)).toEqual([20, 37, 300]);
    expect((await read('unbalanced-quotes.tsv', { user: 1, item: 2, quote: '"' })).report).toMatchObject({
      rows: 100,
      passed: { manyLines: { rows: 1, first: 51, most: 201 } },
    });
    const quoted = 'user\titem\n"a"\t"b\tc"\n';
    expect(pairs(await readText('asked.tsv', quoted, { quote: '"' }))).toEqual([['a', 'b\tc']]);
  });

  test('in CSV a stray one is named with its line, and takes up no rows', async () => {
    const rows = Array.from(
      { length: 300 },
      (_, e) => `u${e % 20},i${e % 37},${e === 50 ? '"ziggy' : e === 250 ? 'dust"' : 'x'},${e}`,
    );
    const path = file('stray.csv', rows.join('\n'));
    const columns = { user: 1, item: 2 };
    await expect(readInteractions(path, columns)).rejects.toThrow(
      'line 51, column 3: got "\\"ziggy,50", expected a closing quote',
    );
    const skipped = await readInteractions(path, { ...columns, onBadRow: 'skip', rejectsDirectory: folder });
    expect(skipped.report).toMatchObject({ rows: 299, skipped: 1 });
    expect((await readInteractions(path, { ...columns, quote: 'none' })).report.rows).toBe(300);
  });

  test('fields of prose over several lines are read, and said', async () => {
    const log = await readText('prose.csv', 'user,item,text\na,b,"One, two.\n\nThree, four."\nc,d,"x\ny"\n');
    expect(log.report).toMatchObject({ rows: 2, passed: { manyLines: { rows: 2, first: 2, most: 3 } } });
  });

  test('single quotes around all fields', async () => {
    const log = await read('single-quotes.csv');
    expect(sizes(log)).toEqual([40, 30, 383]);
    expect(found(log)).toEqual(['user 1 by name', 'item 2 by name', 'rating 3 by name']);
    expect([...(await readText('text.csv', "user,item\n'a','b'\n")).userIds]).toEqual(["'a'"]);
    expect([...(await readText('asked.csv', "user,item\n'a','b'\n", { quote: "'" })).userIds]).toEqual(['a']);
  });
});

describe('rows', () => {
  test('triples by spaces are no LightGCN text', async () => {
    const log = await read('triples-by-spaces.txt');
    expect(sizes(log)).toEqual([383, 30, 383]);
    expect(log.report.ratings).toMatchObject({ min: 1, max: 5 });
  });

  test('LightGCN text with tabs and double spaces', async () => {
    const log = await readText('tabs.txt', '1\t10  20\t30\n 2 10\n3  20 10 \n');
    expect(sizes(log)).toEqual([3, 3, 6]);
    expect(found(log)).toEqual(['user 1 by format', 'item 2 by format']);
  });

  test('blank ones are passed over and counted', async () => {
    const log = await read('blank-rows.csv');
    expect(sizes(log)).toEqual([40, 30, 383]);
    expect(log.report).toMatchObject({ rows: 383, skipped: 0, passed: { blankRows: 50 } });
  });

  test('spaces after commas belong to no field', async () => {
    expect(sizes(await read('space-after-comma.csv'))).toEqual([40, 30, 383]);
    const log = await readText('spaces.csv', 'user, item, rating\n1, "5, x", 3\n 2 ,7 , 4 \n"3 ", " 8", 5\n');
    expect(pairs(log)).toEqual([
      ['1', '5, x'],
      ['2', '7'],
      ['3 ', ' 8'],
    ]);
  });
});

describe('values', () => {
  test('blank times are kept and counted; what needs times refuses them', async () => {
    const log = await read('blank-times.csv');
    expect(sizes(log)).toEqual([40, 30, 383]);
    expect(log.report).toMatchObject({ rows: 383, skipped: 0, withoutTime: 77 });
    expect(log.times!.filter(Number.isNaN)).toHaveLength(77);
    expect(() => split(log, 'temporal', { seed: 1 })).toThrow('77 of 383 interactions have no time');
    const path = join(cases, 'blank-times.csv');
    await expect(loadDataset({ train: path, recencyHalfLife: 9 })).rejects.toMatchObject({ code: 'blank-times' });
    expect((await read('blank-times.csv', { time: false })).report.withoutTime).toBeUndefined();
  });

  test('blank ratings are kept, unless there is a minimum; pairs keep what they have', async () => {
    const text = 'user,item,rating,time\na,b,,\na,b,3,7\na,c,,8\nd,c,4,9\n';
    const log = await readText('blank.csv', text);
    expect(log.report).toMatchObject({
      rows: 4,
      withoutRating: 2,
      withoutTime: 1,
      ratings: { min: 3, mean: 3.5, max: 4 },
    });
    expect([[...log.ratings!], [...log.times!]]).toEqual([
      [3, Number.NaN, 4],
      [7, 8, 9],
    ]);
    expect((await readText('blank.csv', text, { minRating: 4 })).report).toMatchObject({ rows: 4, belowMinRating: 3 });
    const none = await readText('none.csv', 'user,item,rating\na,b,\nc,d,\n');
    expect([none.ratings, none.report.withoutRating]).toEqual([undefined, 2]);
    const json = await readText(
      'blank.jsonl',
      '{"user":"a","item":"b","rating":null}\n{"user":"c","item":"d","rating":2}\n',
    );
    expect([...json.ratings!]).toEqual([Number.NaN, 2]);
  });

  test('ids that mean "missing"', async () => {
    const log = await read('null-ids.csv');
    expect(log.report.nullIds).toMatchObject({ count: 39 });
    expect([...log.report.nullIds!.texts].sort()).toEqual(['NULL', 'NaN', 'None', 'nan']);
    const nullValues = ['NULL', 'NaN', 'None', 'nan'];
    const named = await read('null-ids.csv', { nullValues });
    expect(sizes(named)).toEqual([36, 30, 383 - 39]);
    expect(named.report).toMatchObject({ skipped: 0, passed: { missingIds: 39 } });
    const json = await readText('null.jsonl', '{"user":"NaN","item":"b"}\n{"user":"c","item":"d","rating":"NULL"}\n', {
      nullValues,
    });
    expect([pairs(json), json.report.passed!.missingIds]).toEqual([[['c', 'd']], 1]);
    const numbers = await readText('zero.csv', 'user,item\n1,0\n2,5\n', { nullValues: ['0'] });
    expect([pairs(numbers), numbers.report.passed!.missingIds]).toEqual([[['2', '5']], 1]);
  });

  test('decimal commas', async () => {
    await expect(read('decimal-comma.csv')).rejects.toThrow('--decimal ,');
    const log = await read('decimal-comma.csv', { decimal: ',' });
    expect(sizes(log)).toEqual([40, 30, 383]);
    expect(log.report.ratings).toMatchObject({ min: 1.5, max: 5.5 });
    expect(new Set(log.times)).toEqual(new Set([Date.UTC(2024, 4, 31) / 1000]));
    await expect(readText('point.csv', 'user;item;rating\n1;2;1.5\n', { decimal: ',' })).rejects.toThrow('--decimal .');
  });

  test.each(['times-utc-suffix.csv', 'times-slashes.csv'])('%s', async (name) => {
    const log = await read(name);
    expect(log.report).toMatchObject({ rows: 59, skipped: 0 });
    const day = Date.UTC(2024, 4, 31) / 1000;
    for (const time of log.times!) expect(Math.floor(time / 86_400) * 86_400).toBeGreaterThanOrEqual(day);
  });

  test('times in a named format are those that were written, in both passes', async () => {
    const two = (x: number) => String(x).padStart(2, '0');
    const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
    const forms: Record<string, (d: Date) => string> = {
      '%d/%m/%Y %H:%M': (d) =>
        `${two(d.getUTCDate())}/${two(d.getUTCMonth() + 1)}/${d.getUTCFullYear()} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`,
      '%b %d %Y %I:%M %p': (d) =>
        `${months[d.getUTCMonth()]} ${d.getUTCDate()} ${d.getUTCFullYear()} ${two(d.getUTCHours() % 12 || 12)}:${two(d.getUTCMinutes())} ${d.getUTCHours() < 12 ? 'AM' : 'PM'}`,
      '%Y%m%d%H%M': (d) =>
        `${d.getUTCFullYear()}${two(d.getUTCMonth() + 1)}${two(d.getUTCDate())}${two(d.getUTCHours())}${two(d.getUTCMinutes())}`,
    };
    const minute = fc.integer({ min: 0, max: 35_000_000 }).map((m) => m * 60);
    const property = fc.asyncProperty(
      fc.constantFrom(...Object.keys(forms)),
      fc.array(minute, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (timeFormat, seconds, again) => {
        const rows = seconds.map((s, e) => `a,${e},${forms[timeFormat]!(new Date(s * 1000))}\n`);
        // A blank row sends the file through the second pass.
        const text = `user,item,time\n${again ? ',,\n' : ''}${rows.join('')}`;
        expect([...(await readText('format.csv', text, { timeFormat })).times!]).toEqual(seconds);
      },
    );
    await fc.assert(property, draws(40));
    const day = (text: string) => readText('bad.csv', `user,item,time\na,b,${text}\n`, { timeFormat: '%d/%m/%Y' });
    for (const text of ['31/02/2024', '2024-05-31', '1700000000', '05/31/2024'])
      await expect(day(text)).rejects.toThrow('--no-time');
    await expect(readText('bad.csv', 'user,item\na,b\n', { timeFormat: 'dd.mm.yyyy' })).rejects.toMatchObject({
      code: 'bad-option',
    });
  });

  test('ids with .0 in one file and without in the other: a hint', async () => {
    const train = file('floats.csv', 'user,item\n1.0,a\n2.0,b\n');
    const test = file('wholes.csv', 'user,item\n1,a\n2,b\n');
    const { hints } = await loadDataset({ train, test });
    expect(hints).toHaveLength(1);
    expect(hints![0]).toContain('1.0 in one file and 1 in the other');
    expect((await loadDataset({ train, test: train })).hints).toBeUndefined();
  });
});
