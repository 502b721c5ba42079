import fc from 'fast-check';
import { expect, test } from 'vitest';
import { duration, durationText } from '../../src/data/duration.ts';

test('a duration is its number of units in seconds, and is written as it is read', () => {
  const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(...Object.entries(units)), (n, [unit, seconds]) => {
      expect(duration.parse(`${n}${unit}`)).toBe(n * seconds);
      expect(duration.parse(n)).toBe(n);
      expect(duration.parse(`${n}`)).toBe(n);
      expect(duration.parse(durationText(n * seconds))).toBe(n * seconds);
    }),
  );
  expect(durationText(604_800)).toBe('7d');
  expect(durationText(5400)).toBe('90m');
});

test.each(['', 'week', '7 days', '-1h', '0d', 0, -3, Infinity, '1e3s'])('%j is refused', (given) => {
  expect(duration.safeParse(given).error!.issues[0]!.message).toMatch(/^a duration above 0, such as 30m, 6h/);
});
