import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describe as describeLog } from '../../src/data/describe.ts';
import { logOf } from './log-of.ts';

test('a log worked by hand', () => {
  const info = describeLog(
    logOf(
      [
        ['a', 'x'],
        ['a', 'y'],
        ['a', 'z'],
        ['b', 'x'],
        ['b', 'x'],
      ],
      [5, 6, 7, 8, 9],
    ),
  );
  expect(info).toMatchObject({
    users: 2,
    items: 3,
    interactions: 4,
    rows: 5,
    duplicates: 1,
    density: 4 / (2 * 3),
    times: { from: 5, to: 9 },
  });
  // User degrees 1 and 3; item degrees 1, 1 and 2.
  expect(info.userDegrees).toEqual({
    min: 1,
    p25: 1.5,
    median: 2,
    mean: 2,
    p75: 2.5,
    p90: 2.8,
    p99: 1 + 2 * 0.99,
    max: 3,
  });
  expect(info.itemDegrees).toMatchObject({ median: 1, mean: 4 / 3, max: 2 });
  // Mean absolute difference over twice the mean: 4 ordered pairs differ by 1.
  expect(info.popularityGini).toBeCloseTo(4 / 9 / (2 * (4 / 3)), 12);
  expect(info.ratings).toBeUndefined();
});

test('Gini is half the relative mean absolute difference', () => {
  const list = fc.array(fc.tuple(fc.nat(8).map(String), fc.nat(8).map(String)), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(list, (rows) => {
      const log = logOf(rows);
      const counts = [...log.itemIds].map((_, item) => log.items.filter((i) => i === item).length);
      const n = counts.length;
      const differences = counts.flatMap((a) => counts.map((b) => Math.abs(a - b))).reduce((a, b) => a + b, 0) / n ** 2;
      expect(describeLog(log).popularityGini).toBeCloseTo(differences / (2 * (log.users.length / n)), 10);
    }),
  );
});
