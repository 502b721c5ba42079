import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import {
  countsAt,
  type EventOptions,
  eventTable,
  kindIn,
  servedKinds,
  weightOfKind,
} from '../../src/data/event-kinds.ts';
import { readInteractions } from '../../src/data/read.ts';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { checkServeOptions } from '../../src/server/serve-options.ts';
import { draws } from '../support/property-seed.ts';
import { file, folder, pairs } from './temporary.ts';

const cases = join(import.meta.dirname, 'cases');

describe('kinds of events', () => {
  const path = join(cases, 'event-kinds.csv');

  test('a weight each, others left out and counted', async () => {
    const log = await readInteractions(path, { eventColumn: 'event', eventWeights: 'view=0.2,transaction=1' });
    expect(log.users).toHaveLength(304);
    expect([0.2, 1].map((weight) => log.weights!.filter((x) => x === Math.fround(weight)).length)).toEqual([230, 74]);
    expect(log.report).toMatchObject({ rows: 383, skipped: 0 });
    expect(log.report.kinds).toEqual([
      { kind: 'view', rows: 230, weight: 0.2 },
      { kind: 'addtocart', rows: 79, weight: 0 },
      { kind: 'transaction', rows: 74, weight: 1 },
    ]);
    const rest = await readInteractions(path, { eventWeights: { transaction: 2, '*': 0.5 } });
    expect(rest.weights!.filter((weight) => weight === 0.5)).toHaveLength(309);
  });

  test('a filter, and a column that is only counted', async () => {
    for (const eventKinds of ['addtocart, transaction', ['addtocart', 'transaction']]) {
      const log = await readInteractions(path, { eventKinds });
      expect(log.users).toHaveLength(153);
      expect(log.weights).toBeUndefined();
    }
    const all = await readInteractions(path, { eventColumn: 3 });
    expect([all.users.length, all.weights]).toEqual([383, undefined]);
    expect(all.report.kinds!.map(({ rows }) => rows)).toEqual([230, 79, 74]);
  });

  test('the column of kinds is neither user nor item', async () => {
    const path = file('two.csv', 'user,event\n1,view\n');
    await expect(readInteractions(path, { eventKinds: 'view' })).rejects.toMatchObject({ code: 'unclear-columns' });
    expect((await readInteractions(path)).report.columns).toMatchObject({ item: { name: 'event', by: 'position' } });
    const { report } = await readInteractions(file('three.csv', 'event,user,item\nview,1,2\n'), { eventKinds: 'view' });
    expect(report.columns).toMatchObject({ event: { name: 'event', position: 1, by: 'name' }, unread: [] });
  });

  test('what cannot be is refused', async () => {
    const both = readInteractions(path, { eventWeights: 'view=1', eventKinds: 'view' });
    await expect(both).rejects.toMatchObject({ code: 'bad-option', facts: { conflict: 'eventWeights' } });
    for (const eventWeights of ['view', 'view=-1', '=1', 'view=x', '']) {
      await expect(readInteractions(path, { eventWeights })).rejects.toMatchObject({ code: 'bad-option' });
    }
    await expect(readInteractions(path, { eventKinds: 'like' })).rejects.toThrow(
      '383 of kinds that do not count: view 230 left out, addtocart 79 left out',
    );
    const plain = file('plain.csv', 'user,item\n1,2\n');
    await expect(readInteractions(plain, { eventKinds: 'like' })).rejects.toMatchObject({ code: 'missing-column' });
    const text = file('pairs.txt', '1 2 3\n4 5\n');
    await expect(readInteractions(text, { eventKinds: 'like' })).rejects.toMatchObject({ code: 'missing-column' });
  });

  test('property: CSV with number or text ids, JSON, good rows and bad: as a plain reading', async () => {
    const kind = fc.constantFrom('view', ' view', 'buy', "it's", 'a=b', '');
    const id = fc.constantFrom('1', '2', '3', 'x');
    const number = fc.constantFrom('1', '2', '0.5', 'bad');
    const row = fc.record({ user: id, item: id, kind, weight: number });
    const table = fc.dictionary(fc.constantFrom('view', 'buy', "it's", 'a=b', '*'), fc.constantFrom(0, 0.5, 1, 3), {
      minKeys: 1,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 10 }),
        table,
        fc.boolean(),
        async (rows, eventWeights, useWeight) => {
          const expected = new Map<string, number>();
          for (const one of rows) {
            if (useWeight && one.weight === 'bad') continue;
            const name = one.kind.trim();
            const weight = eventWeights[name] ?? eventWeights['*'] ?? 0;
            const pair = `${one.user} ${one.item}`;
            if (weight > 0)
              expected.set(pair, Math.max(expected.get(pair) ?? 0, weight * (useWeight ? Number(one.weight) : 1)));
          }
          const options = {
            eventWeights,
            ...(useWeight && { weight: 'weight' }),
            onBadRow: 'skip',
            rejectsDirectory: folder,
          } as const;
          const lines = rows.map((one) => [one.user, one.item, one.kind, one.weight].join(','));
          const csv = file('events.csv', `user,item,kind,weight\n${lines.join('\n')}\n`);
          const json = file('events.jsonl', rows.map((one) => JSON.stringify(one)).join('\n'));
          for (const source of [csv, json]) {
            if (expected.size === 0) {
              await expect(readInteractions(source, options)).rejects.toMatchObject({ code: 'empty-data' });
              continue;
            }
            const log = await readInteractions(source, options);
            const read = pairs(log).map(([user, item], e): [string, number] => [
              `${user} ${item}`,
              log.weights?.[e] ?? 1,
            ]);
            expect(new Map(read)).toEqual(expected);
          }
        },
      ),
      draws(50),
    );
  }, 60_000);

  test('in a database, and in the table of a feedback log, whose own weights multiply', async () => {
    const place = join(folder, 'feedback.db');
    const log = await openFeedback(place);
    await log.append([
      { user: 'a', item: '1', time: 1, kind: 'view' },
      { user: 'a', item: '2', time: 2, kind: 'purchase', weight: 3 },
      { user: 'b', item: '1', time: 3, kind: 'dislike' },
    ]);
    await log.close();
    const read = await readInteractions(`sqlite:${place}?table=feedback`, { eventWeights: 'view=0.5,purchase=2' });
    expect(pairs(read)).toEqual([
      ['a', '1'],
      ['a', '2'],
    ]);
    expect([...read.weights!]).toEqual([0.5, 6]);
    expect(read.report.kinds).toContainEqual({ kind: 'dislike', rows: 1, weight: 0 });
    const filtered = await readInteractions(`sqlite:${place}?query=SELECT * FROM feedback`, {
      eventKinds: 'purchase',
      eventColumn: 'kind',
    });
    expect(pairs(filtered)).toEqual([['a', '2']]);
  });

  test('impressions of a feedback log are no positives, unless kinds are named', async () => {
    const place = join(folder, 'shown.db');
    const log = await openFeedback(place);
    await log.append([
      { user: 'a', item: '1', time: 1, kind: 'impression' },
      { user: 'a', item: '2', time: 2, kind: 'click' },
    ]);
    await log.close();
    const source = `sqlite:${place}?table=feedback`;
    expect(pairs(await readInteractions(source))).toEqual([['a', '2']]);
    expect(pairs(await readInteractions(source, { eventWeights: 'impression=0.1' }))).toEqual([['a', '1']]);
  });

  test('the table of kinds', () => {
    expect(eventTable({})).toBeUndefined();
    const never = { impression: false, expires: Infinity };
    expect(eventTable({ eventWeights: ' view = 0.2 , a=b=1 ' })).toEqual(
      new Map([
        ['view', { weight: 0.2, hides: false, success: false, ...never }],
        ['a=b', { weight: 1, hides: true, success: false, ...never }],
      ]),
    );
    expect(weightOfKind('other', eventTable({ eventKinds: 'view' }))).toBe(0);
    const events = {
      impression: {},
      click: { weight: 0.2, expires: '1.5h' },
      purchase: { hides: false, expires: 60 },
      seen: { impression: true },
    };
    expect(eventTable({ events })).toEqual(
      new Map([
        ['impression', { weight: 0, hides: false, success: false, impression: true, expires: Infinity }],
        ['click', { weight: 0.2, hides: false, success: true, impression: false, expires: 5400 }],
        ['purchase', { weight: 1, hides: false, success: true, impression: false, expires: 60 }],
        ['seen', { weight: 0, hides: false, success: false, impression: true, expires: Infinity }],
      ]),
    );
    expect(servedKinds(events)).toEqual(eventTable({ events }));
  });

  test('one table says what hides: drawn kinds against the list of visible ones', () => {
    const name = fc.constantFrom<string>('view', 'impression', 'buy', 'cart', '*');
    fc.assert(
      fc.property(
        fc.option(fc.uniqueArray(name), { nil: undefined }),
        fc.constantFrom<string>('view', 'impression', 'buy', 'cart', 'other'),
        (visible, kind) => {
          const { hides, weight } = kindIn(kind, servedKinds(undefined, visible))!;
          const shown = visible ?? ['view', 'click', 'impression'];
          expect(hides).toBe(kind !== 'impression' && !shown.includes(kind) && !shown.includes('*'));
          expect(weight).toBe(kind === 'impression' ? 0 : 1);
        },
      ),
    );
  });

  test('feedback: views, clicks and impressions hide nothing by default; the file of kinds stands alone', () => {
    const { events, visibleKinds } = checkServeOptions({});
    const hides = (kind: string) => kindIn(kind, servedKinds(events, visibleKinds))!.hides;
    expect(['view', 'click', 'impression', 'interaction', 'purchase'].map(hides)).toEqual([
      ...[false, false, false],
      ...[true, true],
    ]);
    expect(() => servedKinds({ view: {} }, ['view'])).toThrow(/visibleKinds/);
  });

  test('an event counts for lists until it expires', () => {
    const kinds = servedKinds({ view: { weight: 0, hides: false }, cart: { expires: 10 }, buy: { weight: 0 } });
    const counts = (kind: string, time: number, now: number) => countsAt(kind, time, now, kinds) !== undefined;
    expect(counts('view', 0, 0)).toBe(false);
    expect(counts('other', 0, 0)).toBe(false);
    expect([9.9, 10].map((now) => counts('cart', 0, now))).toEqual([true, false]);
    // It hides its item without being a positive.
    expect(counts('buy', 0, 1e12)).toBe(true);
  });
});

describe('kinds that expire', () => {
  const fails = (source: string, options: object) => expect(readInteractions(source, options)).rejects;

  test('property: rows are left out by their age before the newest event of all files', async () => {
    const row = fc.record({
      user: fc.constantFrom('1', '2', 'x'),
      item: fc.constantFrom('1', '2', '3'),
      kind: fc.constantFrom('view', 'buy', 'other'),
      time: fc.nat(100),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.nat(12),
        fc.constantFrom(1, 10, 40),
        async (rows, cut, expires) => {
          const events: EventOptions['events'] = { view: { expires }, buy: { expires: '1m' } };
          const counted = rows.filter(({ kind }) => kind !== 'other');
          const newest = Math.max(...counted.map(({ time }) => time));
          const kept = counted.filter(({ kind, time }) => time >= newest - (kind === 'view' ? expires : 60));
          const lines = rows.map((one) => [one.user, one.item, one.kind, one.time].join(','));
          const parts = [lines.slice(0, cut), lines.slice(cut)].filter((part) => part.length > 0);
          const source = parts.map((part, at) => file(`part-${at}.csv`, `user,item,kind,time\n${part.join('\n')}\n`));
          if (counted.length === 0) {
            await expect(readInteractions(source, { events })).rejects.toMatchObject({ code: 'empty-data' });
            return;
          }
          const log = await readInteractions(source, { events });
          const expected = new Set(kept.map(({ user, item }) => `${user} ${item}`));
          expect(new Set(pairs(log).map((pair) => pair.join(' ')))).toEqual(expected);
          // A file of which nothing counts is passed over, with its report.
          if (source.length > 1) return;
          const expired = log.report.kinds!.reduce((sum, kind) => sum + (kind.expired ?? 0), 0);
          expect(expired).toBe(counted.length - kept.length);
        },
      ),
      { ...draws(10), endOnFailure: true },
    );
  });

  test('what cannot be is refused', async () => {
    const path = file('untimed.csv', 'user,item,kind\n1,2,view\n');
    await fails(path, { events: { view: { expires: '1d' } } }).toMatchObject({ code: 'missing-column' });
    await fails('-', { events: { view: { expires: '1d' } } }).toMatchObject({ code: 'bad-option' });
    for (const bad of [
      { view: { expires: '1 month' } },
      { view: { expires: 0 } },
      { view: { wieght: 1 } },
      { view: 1 },
    ])
      await fails(path, { events: bad }).toMatchObject({ code: 'bad-option' });
    await fails(path, { events: { view: {} }, eventKinds: 'view' }).toMatchObject({
      code: 'bad-option',
      facts: { conflict: 'events' },
    });
  });
});

describe('signed quantities', () => {
  const path = join(cases, 'orders-with-returns.csv');
  const columns = { user: 'customer_id', item: 'product_id', rating: 'quantity' } as const;

  test('the sum by pair decides', async () => {
    const log = await readInteractions(path, { ...columns, sumRatings: true });
    expect(log.users).toHaveLength(289);
    expect(log.report).toMatchObject({ rows: 351, duplicates: 31, cancelled: 31, ratings: { min: -3, max: 3 } });
    expect(Math.min(...log.ratings!)).toBeGreaterThan(0);
    expect(await readInteractions(path, columns)).toMatchObject({ report: { duplicates: 31 } });
  });

  test('blank quantities add nothing; a pair of blanks is dropped', async () => {
    const log = await readInteractions(file('blanks.csv', 'user,item,rating\n1,2,\n1,2,3\n1,2,-1\n4,5,\n'), {
      sumRatings: true,
    });
    expect([pairs(log), [...log.ratings!], log.report.cancelled]).toEqual([[['1', '2']], [2], 1]);
    const none = file('no-quantity.csv', 'user,item,rating\n1,2,\n');
    await expect(readInteractions(none, { sumRatings: true })).rejects.toMatchObject({ code: 'empty-data' });
  });

  test('a minimum applies to the sum; without ratings it is refused; nothing left is said', async () => {
    const orders = file('orders.csv', 'user,item,rating\n1,1,3\n1,1,-2\n1,2,2\n2,1,0.1\n2,1,0.2\n2,1,-0.3\n');
    expect(pairs(await readInteractions(orders, { sumRatings: true }))).toEqual([
      ['1', '1'],
      ['1', '2'],
    ]);
    const log = await readInteractions(orders, { sumRatings: true, minRating: 2 });
    expect([pairs(log), log.itemIds.size, log.report.cancelled]).toEqual([[['1', '2']], 1, 2]);
    await expect(readInteractions(orders, { sumRatings: true, minRating: 9 })).rejects.toMatchObject({
      code: 'empty-data',
    });
    await expect(readInteractions(file('no.csv', 'user,item\n1,2\n'), { sumRatings: true })).rejects.toMatchObject({
      code: 'missing-column',
    });
    await expect(readInteractions(file('no.txt', '1 2 3\n4 5\n'), { sumRatings: true })).rejects.toMatchObject({
      code: 'missing-column',
    });
  });

  test('in SQL', async () => {
    const database = new Database(join(folder, 'orders.db'));
    database.exec(
      "CREATE TABLE orders (user TEXT, item TEXT, quantity INT); INSERT INTO orders VALUES ('a','1',2),('a','1',-2),('a','2',1)",
    );
    database.close();
    const place = `sqlite:${join(folder, 'orders.db')}?table=orders`;
    expect(pairs(await readInteractions(place, { rating: 'quantity', sumRatings: true }))).toEqual([['a', '2']]);
  });
});
