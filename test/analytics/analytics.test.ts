import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Analytics } from '../../src/analytics/analytics.ts';
import { openAnalytics } from '../../src/analytics/open-analytics.ts';
import type { FeedbackEvent, FeedbackLog } from '../../src/feedback/feedback-log.ts';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { draws } from '../support/property-seed.ts';

const folder = mkdtempSync(join(tmpdir(), 'taurec-analytics-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DAY = 86_400;
/** A list id as the server writes it. */
const listId = (n: number, variant = 'a', version = 'v1', place = 'home') =>
  `${variant}.${version}.${place}.${`random${n}`.padEnd(12, '0')}`;

/** A log that only reads. */
const logOf = (events: readonly FeedbackEvent[]): FeedbackLog =>
  ({
    place: 'memory',
    append: async () => 0,
    async *read(after = 0) {
      const rest = events.slice(after).map((event, at) => ({ ...event, sequence: after + at + 1 }));
      if (rest.length > 0) yield rest;
    },
  }) as unknown as FeedbackLog;

const event = fc.record(
  {
    user: fc.constantFrom('ann', 'bo', 'cy'),
    item: fc.constantFrom('x', 'y', 'z'),
    time: fc.integer({ min: 0, max: 40 }).map((n) => n * 7200),
    kind: fc.constantFrom('impression', 'impression', 'impression', 'click', 'purchase', 'view'),
    list: fc.oneof(
      fc.integer({ min: 1, max: 4 }).map((n) => listId(n, n % 2 ? 'a' : 'b', `v${n}`)),
      fc.constant('own'),
    ),
    position: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: ['user', 'item', 'time', 'kind'] },
);

interface Shown {
  readonly user: string;
  readonly item: string;
  readonly list?: string;
  readonly time: number;
  readonly position?: number;
}

/** Impressions and their answers, as the documentation says, in plain loops. */
function plainly(events: readonly FeedbackEvent[], window: number, from = 0, to = Infinity) {
  const shown = new Map<string, Shown>();
  for (const { user, item, list, time, kind, position } of events) {
    if (kind !== 'impression') continue;
    const key = [user, item, list ?? `day ${Math.floor(time / DAY)}`].join('\n');
    const before = shown.get(key);
    const positions = [before?.position, position].filter((place) => place !== undefined);
    shown.set(key, {
      ...{ user, item, list },
      time: Math.min(time, before?.time ?? Infinity),
      ...(positions.length > 0 && { position: Math.min(...positions) }),
    });
  }
  const all = [...shown.values()];
  const within = all.filter(({ time }) => time >= from && time < to);
  const answered = new Map<string, Set<Shown>>([
    ['click', new Set()],
    ['purchase', new Set()],
  ]);
  for (const { user, item, list, time, kind = '' } of events) {
    const found = answered.get(kind);
    if (!found) continue;
    const own = all.filter((one) => one.user === user && one.item === item);
    if (list !== undefined) {
      for (const one of own) if (one.list === list && within.includes(one)) found.add(one);
      continue;
    }
    const before = own.filter((one) => one.time <= time).sort((a, b) => b.time - a.time);
    const last = before[0];
    if (last && time - last.time <= window && within.includes(last)) found.add(last);
  }
  const repeated = within.filter((one) =>
    all.some((other) => other.user === one.user && other.item === one.item && other.time < one.time),
  );
  return { all, within, answered, repeated: repeated.length };
}

/** Whether two impressions of a person and an item have one time: then it is open which of them came last. */
const hasTies = (shown: readonly Shown[]) =>
  new Set(shown.map(({ user, item, time }) => `${user} ${item} ${time}`)).size < shown.length;

describe('analytics', () => {
  test('property: impressions and answers as plain loops find them', async () => {
    const known = {
      userIds: ['ann', 'bo'],
      itemIds: ['x', 'y', ...'0123456789'],
      popularity: [9, 8, ...Array(10).fill(0)],
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 40 }),
        fc.constantFrom(3600, 7200, 2 * DAY),
        fc.option(fc.nat(40 * 7200), { nil: undefined }),
        async (events, window, from) => {
          const plain = plainly(events, window, from);
          fc.pre(!hasTies(plain.all));
          const analytics = await openAnalytics(logOf(events), { model: known });
          try {
            const { total, rows, drift } = await analytics.analyze({ window, from, to: 1e9, by: 'variant' });
            expect(total.impressions).toBe(plain.within.length);
            expect(total.people).toBe(new Set(plain.within.map(({ user }) => user)).size);
            expect(total.items).toBe(new Set(plain.within.map(({ item }) => item)).size);
            for (const [kind, found] of plain.answered) {
              const rate = total.answered[kind]!;
              expect(rate.count).toBe(found.size);
              expect(rate.rate).toBeCloseTo(plain.within.length ? found.size / plain.within.length : 0, 12);
              expect(rate.low ?? 0).toBeLessThanOrEqual(rate.rate + 1e-12);
              expect(rate.high ?? 1).toBeGreaterThanOrEqual(rate.rate - 1e-12);
            }
            if (plain.within.length > 0) {
              const share = (holds: (one: Shown) => boolean) => plain.within.filter(holds).length / plain.within.length;
              expect(total.repeated).toBeCloseTo(plain.repeated / plain.within.length, 12);
              // The tenth of twelve items are two.
              expect(total.popular).toBeCloseTo(
                share(({ item }) => item !== 'z'),
                12,
              );
              const shownKnown = new Set(plain.within.map(({ item }) => item).filter((item) => item !== 'z'));
              expect(total.coverage).toBeCloseTo(shownKnown.size / 12, 12);
            }
            for (const { name, impressions } of rows) {
              const ofList = ({ list }: Shown) => (list?.includes('.') ? list[0] : '') === name;
              expect(impressions).toBe(plain.within.filter(ofList).length);
            }
            const acted = events.filter(({ kind, time }) => kind !== 'impression' && time >= (from ?? 0));
            const unknown = acted.filter(({ user }) => user === 'cy').length;
            const said = drift!.reduce((sum, row) => sum + Math.round(row.unknownUsers * row.events), 0);
            expect([said, drift!.reduce((sum, row) => sum + row.events, 0)]).toEqual([unknown, acted.length]);
          } finally {
            await analytics.close();
          }
        },
      ),
      draws(60),
    );
  }, 120_000);

  test('the interval is that of the ratio of people', async () => {
    // People p with x_p impressions and y_p clicks.
    const people = [
      [4, 1],
      [2, 2],
      [5, 0],
      [1, 0],
      [3, 2],
    ] as const;
    const events = people.flatMap(([x, y], p) =>
      Array.from({ length: x }, (_, i): FeedbackEvent[] => {
        const about = { user: `p${p}`, item: `${i}`, time: 10, list: listId(p) };
        return [{ ...about, kind: 'impression' }, ...(i < y ? [{ ...about, kind: 'click' }] : [])];
      }).flat(),
    );
    const analytics = await openAnalytics(logOf(events));
    const { total } = await analytics.analyze();
    await analytics.close();
    const [sumX, sumY] = [15, 5];
    const rate = sumY / sumX;
    const squares = people.reduce((sum, [x, y]) => sum + (y - rate * x) ** 2, 0);
    const error = Math.sqrt((squares * 5) / 4) / sumX;
    expect(total.answered.click).toMatchObject({ count: 5, rate });
    expect(total.answered.click!.low).toBe(Math.max(0, rate - 1.959964 * error));
    expect(total.answered.click!.high).toBeCloseTo(rate + 1.959964 * error, 9);
  });

  test('a robot counts for no more than the most of a day; a repeated event counts once', async () => {
    const robot = Array.from({ length: 500 }, (_, i): FeedbackEvent => {
      return { user: 'robot', item: `${i}`, time: i, kind: 'impression', list: listId(1) };
    });
    const person = Array.from({ length: 50 }, (): FeedbackEvent => {
      return { user: 'person', item: '1', time: 5, kind: 'impression', list: listId(2) };
    });
    const analytics = await openAnalytics(logOf([...robot, ...person]));
    const result = await analytics.analyze({ mostImpressions: 20 });
    expect(result.total.impressions).toBe(21);
    expect(result.bounded).toEqual({ impressions: 480, people: 1 });
    await analytics.close();
  });

  test('by day, version, place and position; kinds of one’s own; what is asked wrongly', async () => {
    const shown = (list: string, position: number, time: number): FeedbackEvent => {
      return { user: 'u', item: `i${position}`, time, kind: 'seen', list, position };
    };
    const events = [
      shown(listId(1, 'a', 'v1', 'home'), 2, 0),
      shown(listId(2, 'a', 'v2', 'cart'), 10, DAY),
      { user: 'u', item: 'i10', time: DAY + 1, kind: 'play' },
    ];
    const analytics = await openAnalytics(logOf(events), {
      events: { seen: { impression: true }, play: { success: true } },
    });
    const rows = async (by: 'day' | 'version' | 'place' | 'position') =>
      (await analytics.analyze({ by })).rows.map(({ name, answered }) => [name, answered.play!.count]);
    expect(await rows('day')).toEqual([
      ['1970-01-01', 0],
      ['1970-01-02', 1],
    ]);
    expect(await rows('version')).toEqual([
      ['v1', 0],
      ['v2', 1],
    ]);
    expect(await rows('place')).toEqual([
      ['cart', 1],
      ['home', 0],
    ]);
    // In the order of numbers.
    expect(await rows('position')).toEqual([
      ['2', 0],
      ['10', 1],
    ]);
    expect((await analytics.analyze({ from: '1970-01-02', to: '1970-01-03' })).total.impressions).toBe(1);
    for (const options of [
      { from: 'today' },
      { from: 5, to: 4 },
      { window: 0 },
      { mostImpressions: 0 },
      { by: 'year' },
    ]) {
      await expect(analytics.analyze(options as object)).rejects.toMatchObject({ code: 'bad-option' });
    }
    await analytics.close();
  });

  test('a log in SQLite, and files: the same figures', async () => {
    const events: FeedbackEvent[] = [1, 2, 3].flatMap((n) => [
      { user: `u${n}`, item: 'x', time: n * 1000, kind: 'impression', list: listId(n), position: n },
      ...(n > 1 ? [{ user: `u${n}`, item: 'x', time: n * 1000 + 5, kind: 'click', list: listId(n) }] : []),
    ]);
    const place = join(folder, 'feedback.db');
    const log = await openFeedback(place);
    await log.append(events);
    await log.close();
    const csv = join(folder, 'events.csv');
    const rows = events.map(({ user, item, time, kind, list, position = '' }) => {
      return [user, item, new Date(time * 1000).toISOString(), kind, list, position].join(',');
    });
    writeFileSync(csv, `user,item,time,kind,list,position\n${rows.join('\n')}\n`);
    const jsonl = join(folder, 'events.jsonl');
    writeFileSync(jsonl, events.map((one) => JSON.stringify(one)).join('\n'));
    const results: Analytics[] = [];
    for (const source of [place, `sqlite:${place}?table=feedback`, csv, jsonl]) {
      const analytics = await openAnalytics(source);
      results.push(await analytics.analyze({ by: 'position' }));
      await analytics.close();
    }
    expect(results[0]!.total.answered.click!.count).toBe(2);
    for (const other of results.slice(1)) expect(other).toEqual(results[0]);
    await expect(openAnalytics(join(folder, 'none.db'))).rejects.toMatchObject({ code: 'file-not-found' });
    const bad = join(folder, 'bad.csv');
    writeFileSync(bad, 'user,item,time,kind\na,b,1,click\na,b,soon,click\n');
    await expect(openAnalytics(bad)).rejects.toMatchObject({ code: 'bad-row', facts: { line: 2 } });
    writeFileSync(bad, 'user,item,time\na,b,1\n');
    await expect(openAnalytics(bad)).rejects.toMatchObject({ code: 'missing-column' });
  });
});

describe('two variants', () => {
  /** People of two variants, who click on what they see with a probability. */
  const split = (rates: Readonly<Record<string, number>>, people: number, mixed = 0) =>
    Object.entries(rates).flatMap(([variant, rate], v) =>
      Array.from({ length: people }, (_, p): FeedbackEvent[] => {
        const user = p < mixed ? `both${p}` : `${variant}${p}`;
        const about = { user, item: 'x', time: p, list: listId(p, variant) };
        const clicks = ((p * 2654435761 + v) >>> 0) / 2 ** 32 < rate;
        return [{ ...about, kind: 'impression' }, ...(clicks ? [{ ...about, kind: 'click' }] : [])];
      }).flat(),
    );

  test('a clear difference is found, none is not; people of both are left out', async () => {
    const analytics = await openAnalytics(logOf(split({ a: 0.1, b: 0.3, c: 0.1 }, 1000, 10)));
    const { comparisons, inBoth } = await analytics.compare({ a: 'a', b: 'b', expected: 2000 });
    expect(inBoth).toBe(10);
    const [click, purchase] = comparisons;
    expect(click).toMatchObject({ kind: 'click', verdict: 'better', a: { people: 990 }, b: { people: 990 } });
    expect(click!.difference).toBeCloseTo(0.2, 1);
    expect(purchase).toMatchObject({ kind: 'purchase', verdict: 'undecided', p: 1 });
    expect((await analytics.compare({ a: 'a', b: 'c' })).comparisons[0]!.verdict).toBe('undecided');
    await expect(analytics.compare({ a: 'a', b: 'd' })).rejects.toThrow(/one of a, b, c/);
    await analytics.close();
  });
});

describe('replay', () => {
  const model = {
    userIds: { indexOf: (id: string) => ['ann', 'bo'].indexOf(id) },
    itemIds: { indexOf: (id: string) => ['x', 'y', 'z'].indexOf(id) },
    recommend: (users: readonly string[], { k }: { k: number }) =>
      users.map((user) => (user === 'ann' ? ['x', 'y'] : ['z', 'x']).slice(0, k).map((id) => ({ id }))),
  };
  const see = (user: string, item: string, position: number, n: number): FeedbackEvent => {
    return { user, item, time: n, kind: 'impression', list: listId(n), position };
  };
  const click = (user: string, item: string, n: number): FeedbackEvent => {
    return { user, item, time: n, kind: 'click', list: listId(n) };
  };

  test('the recall of what was answered, weighed against positions', async () => {
    const events = [
      ...[
        see('ann', 'x', 1, 1),
        click('ann', 'x', 1),
        see('bo', 'x', 1, 2),
        see('ann', 'z', 2, 3),
        click('ann', 'z', 3),
      ],
      ...[see('bo', 'z', 2, 4), see('bo', 'y', 2, 5), see('ann', 'y', 2, 6), see('cy', 'x', 1, 7), click('cy', 'x', 7)],
      see('cy', 'y', 1, 8),
    ];
    const analytics = await openAnalytics(logOf(events));
    const result = await analytics.replay(model, { k: 1 });
    // Position 1: 2 of 4 are answered, position 2: 1 of 4.
    expect(result.propensities).toEqual([
      { position: 1, propensity: 1 },
      { position: 2, propensity: 0.5 },
    ]);
    expect([result.answered, result.judged]).toEqual([3, 2]);
    // ann's x is in the list of one, her z is not and weighs 2.
    expect(result.recall).toMatchObject({ count: 1, rate: 0.5 });
    expect(result.corrected.rate).toBeCloseTo(1 / 3, 12);
    await analytics.close();
  });

  test('nothing to judge is said', async () => {
    const analytics = await openAnalytics(logOf([see('cy', 'x', 1, 1), click('cy', 'x', 1)]));
    await expect(analytics.replay(model)).rejects.toMatchObject({ code: 'empty-data' });
    await expect(analytics.replay(model, { k: 0 })).rejects.toMatchObject({ code: 'bad-option' });
    await analytics.close();
  });
});
