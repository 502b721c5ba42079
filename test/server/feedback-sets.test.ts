import fc from 'fast-check';
import { expect, test } from 'vitest';
import { servedKinds } from '../../src/data/event-kinds.ts';
import { FeedbackSets } from '../../src/server/feedback-sets.ts';
import type { FeedbackColumns } from '../../src/server/scoring-protocol.ts';
import { SeenFeedback } from '../../src/server/seen-feedback.ts';
import { MemoryFeedback } from './harness.ts';

/** Ids that are numbers below a size. */
const idsBelow = (size: number) => ({
  indexOf: (id: string) => (/^\d+$/.test(id) && Number(id) < size ? Number(id) : -1),
});
const setsOf = (users = 2, items = 3000, limit = 1e9) => new FeedbackSets(idsBelow(users), idsBelow(items), limit);

test('the sets are those of a plain list of events, however the events come', () => {
  const event = fc.record({
    user: fc.constantFrom('0', '1', 'new', 'newer'),
    item: fc.oneof(fc.nat(20), fc.nat(2500), fc.constant(5000)).map(String),
    hides: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 2600 }), (events, burst) => {
      const sets = setsOf();
      const all = [
        ...events,
        ...Array.from({ length: burst }, (_, i) => ({ user: 'new', item: `${(i * 7) % 2600}`, hides: i % 3 > 0 })),
        ...events,
      ];
      all.forEach(({ user, item, hides }, at) => {
        sets.add(user, item, { hides });
        if (at % 50 === 0) sets.hidden('new');
      });
      for (const user of ['0', '1', 'new', 'newer']) {
        const own = all.filter((one) => one.user === user && Number(one.item) < 3000);
        const hidden = [...new Set(own.filter(({ hides }) => hides).map(({ item }) => Number(item)))].sort(
          (a, b) => a - b,
        );
        expect([...(sets.hidden(user) ?? [])]).toEqual(hidden);
        // Of a user of the model only items that hide count.
        const counted = user.startsWith('new') ? own : own.filter(({ hides }) => hides);
        const newest = [...new Set(counted.toReversed().map(({ item }) => Number(item)))].slice(0, 500).reverse();
        expect([...(sets.liked(user) ?? [])]).toEqual(newest);
        // Rankings take both, newest last; an unknown user may like items without hiding any.
        expect(sets.of(user)).toEqual(
          newest.length > 0
            ? { hidden: hidden.length > 0 ? Int32Array.from(hidden) : undefined, liked: Int32Array.from(newest) }
            : undefined,
        );
      }
    }),
    { numRuns: 30 },
  );
});

test('property: an item is there until the last of its events expires', () => {
  const event = fc.record({
    user: fc.constantFrom('0', 'new'),
    item: fc.nat(9).map(String),
    hides: fc.boolean(),
    likes: fc.boolean(),
    until: fc.constantFrom(3, 7, 11, Infinity),
  });
  const step = fc.oneof(event, fc.constant('look' as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const sets = setsOf();
      const events: { user: string; item: string; hides: boolean; likes: boolean; until: number }[] = [];
      let now = 0;
      for (const one of steps) {
        if (one !== 'look') {
          // What has expired is not passed on.
          if (one.until <= now) continue;
          events.push(one);
          sets.add(one.user, one.item, { hides: one.hides, likes: one.likes, until: one.until });
          continue;
        }
        now++;
        for (const user of ['0', 'new']) {
          const own = events.filter((event) => event.user === user && event.until > now);
          const hidden = new Set(own.filter(({ hides }) => hides).map(({ item }) => Number(item)));
          const liked = new Set(
            own.filter(({ hides, likes }) => likes && (hides || user === 'new')).map(({ item }) => Number(item)),
          );
          expect(new Set(sets.hidden(user, now) ?? [])).toEqual(hidden);
          expect(new Set(sets.liked(user, now) ?? [])).toEqual(liked);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a million events of a user on few items leave what ten leave', () => {
  const sets = setsOf();
  for (let at = 0; at < 1_000_000; at++) sets.add('guest', `${at % 10}`, { hides: true });
  expect(sets.size).toEqual({ users: 1, pairs: 10, dropped: 0 });
  expect([...sets.hidden('guest')!]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(sets.liked('guest')).toHaveLength(10);
});

test('beyond the memory the users whose feedback is oldest are dropped', () => {
  const sets = setsOf(0, 3000, 5000);
  for (let user = 0; user < 100; user++) sets.add(`user ${user}`, '1', { hides: true });
  const { users, dropped, pairs } = sets.size;
  expect(users).toBeGreaterThan(3);
  expect(users).toBeLessThan(20);
  expect(users + dropped).toBe(100);
  expect(pairs).toBe(users);
  expect(sets.hidden('user 99')).toBeDefined();
  expect(sets.hidden('user 0')).toBeUndefined();
});

test('a forgotten user has no items', () => {
  const sets = setsOf();
  sets.add('new', '1', { hides: true });
  sets.forget('new');
  expect([sets.hidden('new'), sets.liked('new'), sets.size]).toEqual([
    undefined,
    undefined,
    { users: 0, pairs: 0, dropped: 0 },
  ]);
});

test('a receiver gets the log, then what was appended while it read, each event in order', async () => {
  const log = new MemoryFeedback();
  const seen = new SeenFeedback(log, servedKinds(undefined, ['view']));
  await seen.append([{ user: 'a', item: '1', time: 1 }]);
  const got: string[] = [];
  let first = true;
  const receiver = {
    async feed({ items, hides }: FeedbackColumns) {
      // An append in the middle of the reading.
      if (first) {
        first = false;
        await seen.append([{ user: 'a', item: '2', time: 2, kind: 'view' }]);
      }
      items.forEach((item, at) => void got.push(`${item} ${hides[at]}`));
    },
    async forget(user: string) {
      got.push(`forget ${user}`);
    },
    async editItems() {},
  };
  await seen.load(receiver);
  await seen.append([{ user: 'a', item: '3', time: 3, kind: 'purchase' }]);
  expect(got.filter((event, at) => got.indexOf(event) === at)).toEqual(['1 true', '2 false', '3 true']);
  seen.leave(receiver);
  await seen.append([{ user: 'a', item: '4', time: 4 }]);
  expect(got.at(-1)).toBe('3 true');
});
