import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ShopEvent, shopEvents, syntheticShop } from '../../src/data/synthetic-shop.ts';

const sizes = fc.record({
  users: fc.integer({ min: 1, max: 60 }),
  items: fc.integer({ min: 8, max: 80 }),
  explained: fc.double({ min: 0, max: 0.5, noNaN: true }),
});

test('events are in the order of time, of known items, not before their release, and each kind follows the one before it', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (size, seed) => {
      const { items, events } = syntheticShop({ ...size, seed });
      expect(items.map(({ id }) => id)).toEqual([...new Set(items.map(({ id }) => id))].sort());
      expect(items.every(({ price, category }) => price >= 1 && category.length === 2)).toBe(true);
      const released = new Map(items.map(({ id, released: time }) => [id, time]));
      const counts = new Map<string, number[]>();
      let last = 0;
      const wrong = events.filter(({ user, item, time, event }) => {
        const early = time < Math.max(last, released.get(item) ?? Infinity);
        last = time;
        const count = counts.get(`${user} ${item}`) ?? shopEvents.map(() => 0);
        counts.set(`${user} ${item}`, count);
        count[shopEvents.indexOf(event)]!++;
        // never more carts than views, purchases than carts, returns than purchases
        return early || count.some((n, kind) => kind > 0 && n > count[kind - 1]!);
      });
      expect(wrong).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test('a seed gives the same shop, another seed another one', () => {
  const make = (seed: number) => JSON.stringify(syntheticShop({ users: 20, items: 40, seed }));
  expect(make(1)).toBe(make(1));
  expect(make(1)).not.toBe(make(2));
});

test('people keep to departments the more, the more attributes explain; popularity has a long tail', () => {
  // The probability that two items that one person bought are of one department.
  const alike = (explained: number) => {
    const { items, events } = syntheticShop({ users: 1500, items: 400, explained, seed: 5 });
    const department = new Map(items.map(({ id, category }) => [id, category[0]]));
    const bought = grouped(
      events.filter(({ event }) => event === 'purchase'),
      ({ user }) => user,
    );
    let same = 0;
    let pairs = 0;
    for (const list of bought.values()) {
      const own = [...new Set(list.map(({ item }) => item))].map((item) => department.get(item));
      for (let a = 0; a < own.length; a++)
        for (let b = 0; b < a; b++) {
          pairs++;
          if (own[a] === own[b]) same++;
        }
    }
    const views = [...grouped(events, ({ item }) => item).values()].map((list) => list.length).sort((a, b) => b - a);
    const top = views.slice(0, 40).reduce((a, b) => a + b);
    expect(top / events.length).toBeGreaterThan(2 * 0.1);
    return same / pairs;
  };
  expect(alike(0.5)).toBeGreaterThan(1.2 * alike(0));
});

function grouped(events: readonly ShopEvent[], keyOf: (event: ShopEvent) => string): Map<string, ShopEvent[]> {
  const groups = new Map<string, ShopEvent[]>();
  for (const event of events) groups.set(keyOf(event), [...(groups.get(keyOf(event)) ?? []), event]);
  return groups;
}

test.each([
  [{ users: 0 }, 'users'],
  [{ items: 7 }, 'items'],
  [{ explained: 0.51 }, 'explained'],
])('%j is refused by name', (options, option) => {
  expect(() => syntheticShop(options)).toThrow(
    expect.objectContaining({ code: 'bad-option', facts: expect.objectContaining({ option }) }),
  );
});
