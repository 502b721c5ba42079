import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FeedbackEvent, FeedbackLog, StoredFeedback } from '../../src/feedback/feedback-log.ts';
import { NewestEvents } from '../../src/feedback/newest-events.ts';
import { type Trend, type TrendEvent, Trends } from '../../src/feedback/trends.ts';
import { errorOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';

const NOW = 1_800_000_000;
const HOUR = 3600;

interface Settings {
  readonly window: number;
  readonly halfLife: number;
  readonly weights?: Readonly<Record<string, number>>;
}

/** The definition: of each person, item and kind the newest event, decayed; kinds without a name in the weights are one, but for those with usual names. */
function plain(
  events: readonly TrendEvent[],
  now: number,
  { window, halfLife, weights }: Settings,
): Map<string, number> {
  const newest = new Map<string, { item: string; time: number; weight: number }>();
  for (const { user, item, time, kind = 'interaction' } of events) {
    const usual = ['view', 'click', 'purchase'].includes(kind);
    const counted = weights && (kind in weights || usual) ? kind : '*';
    const weight = kind === 'impression' ? 0 : weights ? (weights[kind] ?? weights['*'] ?? 0) : 1;
    const key = JSON.stringify([user, item, counted]);
    if (weight === 0 || now - time >= window || time <= (newest.get(key)?.time ?? -Infinity)) continue;
    newest.set(key, { item, time, weight });
  }
  const scores = new Map<string, number>();
  for (const { item, time, weight } of newest.values())
    scores.set(item, (scores.get(item) ?? 0) + weight * 2 ** (-(now - time) / halfLife));
  return scores;
}

function expectSame(got: readonly Trend[], expected: ReadonlyMap<string, number>): void {
  expect(new Set(got.map(({ item }) => item))).toEqual(new Set(expected.keys()));
  for (const [at, { item, score }] of got.entries()) {
    expect(Math.abs(score - expected.get(item)!)).toBeLessThanOrEqual(1e-6 * expected.get(item)!);
    if (at > 0) expect(score).toBeLessThanOrEqual(got[at - 1]!.score);
  }
}

const kinds = ['view', 'purchase', 'like', 'impression', '*', undefined];
const events = (most: number) =>
  fc.array(
    fc.record({
      user: fc.constantFrom('a', 'b', 'é🦉', 'a ', ''),
      item: fc.constantFrom('x', 'y', '__proto__'),
      kind: fc.constantFrom(...kinds),
      time: fc.integer({ min: -200, max: 0 }).map((hours) => NOW + HOUR * hours),
    }),
    { maxLength: most },
  );
const weightsOf = fc.option(
  fc.dictionary(fc.constantFrom('view', 'purchase', '*', 'impression'), fc.constantFrom(0, 0.2, 1, 3), { minKeys: 1 }),
  { nil: undefined },
);
const hours = fc.integer({ min: 1, max: 190 }).map((n) => n * HOUR);

describe('trends', () => {
  test('are what the definition says, in whatever order and parts events come, and how often', () => {
    fc.assert(
      fc.property(
        events(80),
        weightsOf,
        hours,
        hours,
        hours,
        fc.nat(),
        (all, weights, window, shorter, halfLife, cut) => {
          // 32-bit floats lose what has decayed by 2^-149.
          fc.pre(window / halfLife < 120);
          const trends = new Trends({ window, eventWeights: weights });
          const parts = [all.slice(cut % 80), all.slice(0, cut % 80), all.slice(0, 5)];
          for (const part of parts) trends.add(part, NOW);
          const asked = Math.min(window, shorter);
          expectSame(
            trends.ranked({ window: asked, halfLife, now: NOW }),
            plain(all, NOW, { window: asked, halfLife, weights }),
          );
          // As time goes on, the same events count less, and those that leave the window not at all.
          const later = NOW + shorter;
          expectSame(trends.ranked({ halfLife, now: later }), plain(all, later, { window, halfLife, weights }));
          // An erased person never was.
          trends.forget('a');
          const left = all.filter(({ user }) => user !== 'a');
          expectSame(trends.ranked({ halfLife, now: NOW }), plain(left, NOW, { window, halfLife, weights }));
        },
      ),
      draws(300),
    );
  });

  test('stay so while time goes on and the table grows, drops and moves', () => {
    const trends = new Trends({ window: '6h' });
    const all: TrendEvent[] = [];
    for (let minute = 0; minute < 24 * 60; minute += 5) {
      const now = NOW + 60 * minute;
      const part = Array.from({ length: 40 }, (_, n) => ({
        user: `u${(minute * 31 + n * 17) % 900}`,
        item: `i${(minute + n * n) % 37}`,
        time: now - (n % 9) * 600,
      }));
      all.push(...part);
      trends.add(part, now);
      if (minute % 120 === 0)
        expectSame(trends.ranked({ now }), plain(all, now, { window: 6 * HOUR, halfLife: (6 * HOUR) / 7 }));
    }
  });

  test('count an event to come as of now, and refuse a window longer than what they keep', () => {
    const trends = new Trends({ window: '7d' });
    trends.add([{ user: 'a', item: 'x', time: NOW + 1e6 }], NOW);
    expect(trends.ranked({ now: NOW })).toEqual([{ item: 'x', score: 1 }]);
    expect(trends.ranked({ now: NOW + 86_400 })).toEqual([{ item: 'x', score: 0.5 }]);
    const error = errorOf(() => trends.ranked({ window: '8d' }));
    expect(error.message).toBe('Option window: got "8d", expected at most 7d, for which feedback is kept.');
    expect(errorOf(() => new Trends({ window: 'week' })).message).toMatch(
      /^Option window: got "week", expected a dura/,
    );
  });

  test('ties go to the id that comes first; invented kinds and repeats count once', () => {
    const trends = new Trends();
    const event = (user: string, item: string, kind: string): TrendEvent => ({ user, item, kind, time: NOW });
    trends.add([event('a', 'y', 'p'), event('a', 'y', 'q'), event('a', 'y', 'r'), event('b', 'x', 's')], NOW);
    expect(trends.ranked({ now: NOW })).toEqual([
      { item: 'x', score: 1 },
      { item: 'y', score: 1 },
    ]);
  });

  test('with refresh a ranking is used again until it is so old, and no longer than its person is known', () => {
    const trends = new Trends({ refresh: 2 });
    trends.add([{ user: 'a', item: 'x', time: NOW }], NOW);
    expect(trends.isFresh({ now: NOW })).toBe(false);
    const first = trends.ranked({ now: NOW });
    trends.add([{ user: 'b', item: 'y', time: NOW }], NOW);
    expect(trends.ranked({ now: NOW + 1.9 })).toBe(first);
    expect(trends.isFresh({ now: NOW + 1.9, window: '1d' })).toBe(false);
    expect(trends.ranked({ now: NOW + 2 })).toHaveLength(2);
    trends.forget('a');
    expect(trends.ranked({ now: NOW + 2 }).map(({ item }) => item)).toEqual(['y']);
  });

  test.each(['by time', 'in order'])('of a log read %s are those of its events up to the time', async (way) => {
    const stored: StoredFeedback[] = fc
      .sample(events(200), { numRuns: 1, seed: 3 })[0]!
      .map((event, at) => ({ ...event, time: event.time + 20 * HOUR, sequence: at + 1 }) as StoredFeedback);
    const asked: number[] = [];
    const log = {
      async *read() {
        yield stored;
      },
      ...(way === 'by time' && {
        async *since(time: number) {
          asked.push(time);
          yield stored.filter((event) => event.time >= time);
        },
      }),
    } as unknown as FeedbackLog;
    const trends = await Trends.read(log, { window: '4d', now: NOW });
    const past = stored.filter(({ time }: FeedbackEvent) => time <= NOW);
    expect(past.length).toBeLessThan(stored.length);
    const halfLife = (96 * HOUR) / 7;
    expectSame(trends.ranked({ now: NOW }), plain(past, NOW, { window: 96 * HOUR, halfLife }));
    expect(asked).toEqual(way === 'by time' ? [NOW - 96 * HOUR] : []);
  });
});

test('of more events than fit, the newer half stays, also where all have one time', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 7, 1e6), fc.integer({ min: 800, max: 2000 }), (spread, most) => {
      const newest = new NewestEvents(1e9, most);
      const put: { item: number; time: number }[] = [];
      for (let n = 0; n < 5000; n++) {
        const one = { item: n, time: NOW - ((n * 7919) % spread) };
        put.push(one);
        newest.put({ low: n, high: 0, item: n, kind: 0 }, one.time, NOW);
      }
      expect(newest.bytes).toBeLessThanOrEqual(24 * 8192);
      const sums = new Float64Array(5000);
      for (const _ of newest.addInSteps(sums, [1], { now: NOW, window: 1e9, halfLife: 1e12 }));
      const kept = sums.reduce((sum, x) => sum + Math.round(x), 0);
      expect(kept).toBeGreaterThanOrEqual(most / 2 - 1);
      expect(kept).toBeLessThanOrEqual(6144);
      // Whoever left is not newer than everybody who stayed.
      const times = (stayed: boolean) => put.filter(({ item }) => sums[item]! > 0 === stayed).map(({ time }) => time);
      if (kept < 5000) expect(Math.max(...times(true))).toBeGreaterThanOrEqual(Math.max(...times(false)));
    }),
    draws(20),
  );
});
