import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredFeedback } from '../../src/feedback/feedback-log.ts';
import type { ServedRequests } from '../../src/studio/operations.ts';
import { atMostText, ratesBetween, withPage } from '../../src/studio/page/operate/measures.ts';

const measured = (at: number, n: number): ServedRequests => ({
  ...{
    at,
    ready: true,
    requests: n * 10,
    faults: n,
    lists: n * 8,
    waiting: 0,
    memory: 1,
    processor: n / 10,
    routes: [],
  },
});

test('rates are differences over the time between two measurements', () => {
  expect(ratesBetween(measured(100, 2), measured(104, 6))).toEqual({
    requests: 10,
    lists: 8,
    processor: expect.closeTo(0.1),
    faults: 4,
  });
});

test('a server that was started anew, or asked twice in one moment, has no rates', () => {
  expect(ratesBetween(measured(100, 9), measured(104, 1))).toBeUndefined();
  expect(ratesBetween(measured(100, 2), measured(100, 2))).toBeUndefined();
});

test('ends of the histogram in words, also where JSON has made null of Infinity', () => {
  expect([2.5, 25, 1000, 10_000].map(atMostText)).toEqual(['≤ 2.5 ms', '≤ 25 ms', '≤ 1 s', '≤ 10 s']);
  expect(atMostText(Number.POSITIVE_INFINITY)).toBe('> 10 s');
  expect(atMostText(JSON.parse(JSON.stringify(Number.POSITIVE_INFINITY)))).toBe('> 10 s');
});

test('pages of feedback come together newest first, without gaps, and never more than the page can show', () => {
  const event = (sequence: number): StoredFeedback => ({ sequence, user: 'u', item: 'i', time: sequence });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 8 }), (sizes) => {
      let shown: ReturnType<typeof withPage> | undefined;
      let last = 0;
      for (const size of sizes) {
        const events = Array.from({ length: size }, (_, i) => event(last + i + 1));
        last += size;
        shown = withPage(shown, { events, last });
      }
      const wanted = Array.from({ length: Math.min(200, last) }, (_, i) => last - i);
      expect(shown?.events.map(({ sequence }) => sequence) ?? []).toEqual(wanted);
      expect(shown?.last ?? 0).toBe(last);
    }),
  );
});
