import fc from 'fast-check';
import { expect, test } from 'vitest';
import { split, splitMethods } from '../../src/data/split/split.ts';
import { logOf } from './log-of.ts';
import { pairs } from './temporary.ts';

const row = fc.tuple(fc.nat(12).map(String), fc.nat(15).map(String), fc.nat(20));
const logs = fc.array(row, { minLength: 1, maxLength: 120 }).map((rows) =>
  logOf(
    rows.map(([user, item]) => [user, item]),
    rows.map(([, , time]) => time),
  ),
);
const ratios = fc.double({ min: 0.01, max: 0.99, noNaN: true });

test.each(splitMethods)('%s: the parts are disjoint and sum to the whole', (method) => {
  fc.assert(
    fc.property(logs, ratios, fc.nat(), (log, ratio, seed) => {
      const { kept, held } = split(log, method, { ratio, seed });
      const all = [...pairs(kept), ...pairs(held)].map((pair) => pair.join());
      expect(new Set(all).size).toBe(all.length);
      expect(all.sort()).toEqual(
        pairs(log)
          .map((pair) => pair.join())
          .sort(),
      );
      expect(kept.userIds).toBe(log.userIds);
    }),
  );
});

test.each(['random', 'leave-last-out', 'debiased'] as const)('%s: every user keeps an entry', (method) => {
  fc.assert(
    fc.property(logs, ratios, fc.nat(), (log, ratio, seed) => {
      expect(new Set(split(log, method, { ratio, seed }).kept.users)).toEqual(new Set(log.users));
    }),
  );
});

test('random: each user gives about n·ratio, and the total is near the ratio', () => {
  const list = Array.from({ length: 300 }, (_, u) =>
    Array.from({ length: 3 + (u % 9) }, (_, i) => [`${u}`, `${i}`] as const),
  ).flat();
  const log = logOf(list);
  const { held } = split(log, 'random', { ratio: 0.1, seed: 3 });
  expect(Math.abs(held.users.length - 0.1 * list.length)).toBeLessThanOrEqual(1);
  for (let u = 0; u < 300; u++) {
    const given = held.users.filter((user) => log.userIds.idOf(user) === `${u}`).length;
    expect(Math.abs(given - 0.1 * (3 + (u % 9)))).toBeLessThan(1);
  }
});

test('random: the seed and the purpose decide', () => {
  const log = logOf(Array.from({ length: 200 }, (_, e) => [`${e % 10}`, `${e}`] as const));
  const held = (seed: number, purpose?: string) => pairs(split(log, 'random', { seed, purpose }).held);
  expect(held(1)).toEqual(held(1));
  expect(held(1)).not.toEqual(held(2));
  expect(held(1, 'test')).not.toEqual(held(1, 'valid'));
});

test('debiased: every item keeps an entry, and the count is exact', () => {
  fc.assert(
    fc.property(logs, ratios, fc.nat(), (log, ratio, seed) => {
      const { kept, held } = split(log, 'debiased', { ratio, seed });
      expect(new Set(kept.items)).toEqual(new Set(log.items));
      const wanted = Math.round(ratio * log.users.length);
      const stay = new Set(log.users).size + new Set(log.items).size; // at most so many entries are kept for their user or item
      expect(held.users.length).toBeLessThanOrEqual(wanted);
      expect(held.users.length).toBeGreaterThanOrEqual(Math.min(wanted, log.users.length - stay));
    }),
  );
});

test('debiased: popular and rare items are held out alike, where random holds out by popularity', () => {
  // 10 items of 300 users each, 90 items of 30: a user of few items keeps one all the same.
  const list = Array.from({ length: 100 }, (_, i) =>
    Array.from({ length: i < 10 ? 300 : 30 }, (_, e) => [`u${(7 * i + e) % 400}`, `${i}`] as const),
  ).flat();
  const log = logOf(list);
  const popularShare = (method: 'debiased' | 'random') => {
    const items = [1, 2, 3, 4, 5].flatMap((seed) => [...split(log, method, { ratio: 0.05, seed }).held.items]);
    return items.filter((item) => Number(log.itemIds.idOf(item)) < 10).length / items.length;
  };
  expect(popularShare('debiased')).toBeCloseTo(0.1, 1); // 10 of 100 items
  expect(popularShare('random')).toBeCloseTo(3000 / 5700, 1);
});

test('debiased: the seed and the purpose decide', () => {
  const log = logOf(Array.from({ length: 200 }, (_, e) => [`${e % 10}`, `${e % 37}`] as const));
  const held = (seed: number, purpose?: string) => pairs(split(log, 'debiased', { seed, purpose }).held);
  expect(held(1)).toEqual(held(1));
  expect(held(1)).not.toEqual(held(2));
  expect(held(1, 'test')).not.toEqual(held(1, 'valid'));
});

test('leave-last-out takes the latest, the greater item among equals', () => {
  fc.assert(
    fc.property(logs, (log) => {
      const { held } = split(log, 'leave-last-out');
      const expected = [...new Set(log.users)].flatMap((user) => {
        const own = Array.from(log.users.keys()).filter((e) => log.users[e] === user);
        if (own.length < 2) return [];
        const latest = Math.max(...own.map((e) => log.times![e]!));
        return [[user, log.items[own.findLast((e) => log.times![e] === latest)!]]];
      });
      expect(Array.from(held.users, (user, e) => [user, held.items[e]])).toEqual(expected);
    }),
  );
});

test('temporal: nothing kept is later than anything held, and at most the ratio is held', () => {
  fc.assert(
    fc.property(logs, ratios, (log, ratio) => {
      const { kept, held } = split(log, 'temporal', { ratio });
      if (held.users.length > 0) expect(Math.max(...kept.times!)).toBeLessThan(Math.min(...held.times!));
      expect(held.users.length).toBeLessThanOrEqual(ratio * log.users.length + 1e-9);
    }),
  );
  const log = logOf(
    Array.from({ length: 10 }, (_, e) => ['u', `${e}`] as const),
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  );
  expect(pairs(split(log, 'temporal', { ratio: 0.2 }).held)).toEqual([
    ['u', '0'],
    ['u', '1'],
  ]);
});

test('what cannot be split is refused', () => {
  const log = logOf([['a', 'x']]);
  expect(() => split(log, 'temporal')).toThrow('the temporal split needs');
  expect(() => split(log, 'leave-last-out')).toThrow('the leave-last-out split needs');
  expect(() => split(log, 'random', { ratio: 1 })).toThrow('between 0 and 1');
  expect(() => split(log, 'weekly' as 'random')).toThrow('random, leave-last-out, temporal, debiased');
});
