import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kCore } from '../../src/data/k-core.ts';
import { draws } from '../support/property-seed.ts';
import { logOf } from './log-of.ts';
import { pairs } from './temporary.ts';

/** The plain definition: drop the users and items below their threshold, again and again. */
function oracle(list: [string, string][], users: number, items: number): [string, string][] {
  for (;;) {
    const count = (side: 0 | 1, id: string) => list.filter((pair) => pair[side] === id).length;
    const kept = list.filter(([user, item]) => count(0, user) >= users && count(1, item) >= items);
    if (kept.length === list.length) return kept;
    list = kept;
  }
}

test('peeling agrees with the definition, on any log and thresholds', () => {
  const id = (prefix: string) => fc.nat(9).map((n) => `${prefix}${n}`);
  const log = fc.array(fc.tuple(id('u'), id('i')), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(log, fc.nat(4), fc.nat(4), (list, users, items) => {
      const whole = logOf(list);
      const expected = oracle(pairs(whole), users, items);
      if (expected.length === 0) {
        expect(() => kCore(whole, { users, items })).toThrow('no interaction is left');
        return;
      }
      const core = kCore(whole, { users, items });
      expect(pairs(core)).toEqual(expected);
      expect([...core.userIds]).toEqual([...whole.userIds].filter((id) => expected.some(([user]) => user === id)));
      expect([...core.itemIds]).toEqual([...whole.itemIds].filter((id) => expected.some(([, item]) => item === id)));
    }),
    draws(300),
  );
});

test('one number is both thresholds, and times go along', () => {
  const log = logOf(
    [
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
      ['b', 'y'],
      ['c', 'x'],
    ],
    [1, 2, 3, 4, 5],
  );
  const core = kCore(log, 2);
  expect(pairs(core)).toEqual(pairs(kCore(log, { users: 2, items: 2 })));
  expect([...core.times!]).toEqual([1, 2, 3, 4]);
});

test('thresholds are whole numbers', () => {
  expect(() => kCore(logOf([['a', 'x']]), 1.5)).toThrow('whole number');
  expect(() => kCore(logOf([['a', 'x']]), { users: 1, items: -1 })).toThrow('whole number');
});
