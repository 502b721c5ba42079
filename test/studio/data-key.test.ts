import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datasetShape } from '../../src/data/dataset.ts';
import { defaultOf } from '../../src/option.ts';
import type { DataRequest } from '../../src/studio/session.ts';
import { dataKey } from '../../src/studio/workbench/data-desk.ts';

/** Every option of data that has a default, at it. */
const defaults = Object.entries(datasetShape).flatMap(([name, schema]) => {
  const usual = defaultOf(schema);
  return usual === undefined ? [] : [[name, usual] as const];
});
const keyOf = (options: object) => dataKey('a1', { train: 'log', ...options } as DataRequest);
const own = fc.record(
  {
    split: fc.constantFrom('random', 'leave-last-out', 'temporal', 'debiased'),
    testRatio: fc.constantFrom(0.1, 0.2, 0.3),
    seed: fc.integer({ min: 0, max: 3 }),
    minRating: fc.integer({ min: 1, max: 3 }),
    rating: fc.constantFrom(false, 'stars'),
    kCore: fc.constantFrom(0, 1, 2, 5),
    format: fc.constantFrom('auto', 'csv', 'tsv'),
    sumRatings: fc.boolean(),
  },
  { requiredKeys: [] },
);

test('an option that is given at its default is the same data as one that is left out', () => {
  expect(defaults.map(([name]) => name)).toEqual(expect.arrayContaining(['testRatio', 'seed', 'format', 'onBadRow']));
  fc.assert(
    fc.property(own, fc.subarray(defaults), fc.boolean(), (options, stated, first) => {
      const left = stated.filter(([name]) => !Object.hasOwn(options, name));
      const given = Object.fromEntries(left);
      // In any order, and also where a page names an option without a value.
      const request = first ? { ...given, ...options } : { ...options, minRating: options.minRating, ...given };
      expect(keyOf(request)).toBe(keyOf(options));
    }),
  );
});

test('a core by one number is that of users and items, and none keeps everybody as 1 does', () => {
  fc.assert(
    fc.property(own, fc.integer({ min: 0, max: 9 }), (options, k) => {
      expect(keyOf({ ...options, kCore: k })).toBe(keyOf({ ...options, kCore: { users: k, items: k } }));
    }),
  );
  expect(keyOf({ kCore: 0 })).toBe(keyOf({ kCore: 1 }));
  expect(keyOf({})).toBe(keyOf({ kCore: 1 }));
});

test('other values are other data', () => {
  const others: object[] = [
    ...[{ minRating: 2 }, { kCore: 2 }, { sumRatings: true }, { format: 'tsv' }, { decimal: ',' }, { rating: false }],
    ...[{ split: 'random' }, { split: 'random', seed: 1 }, { split: 'random', testRatio: 0.3 }, { split: 'temporal' }],
  ];
  expect(new Set([keyOf({}), ...others.map(keyOf)]).size).toBe(others.length + 1);
});
