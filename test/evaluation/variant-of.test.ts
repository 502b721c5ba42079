import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { variantOf } from '../../src/evaluation/variant-of.ts';
import { errorOf } from '../support/error-of.ts';

const people = Array.from({ length: 4000 }, (_, p) => `person-${p}`);
const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/), { minLength: 1, maxLength: 5 });
const splits = names.chain((all) =>
  fc
    .array(fc.oneof(fc.nat({ max: 100 }), fc.double({ min: 1e-6, max: 1e6, noNaN: true })), {
      minLength: all.length,
      maxLength: all.length,
    })
    .filter((shares) => shares.some((share) => share > 0))
    .map((shares) => Object.fromEntries(all.map((name, n) => [name, shares[n]!]))),
);
const seeds = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);

/** The rule as docs/variants.md states it, written plainly. */
function plainly(user: string, split: Readonly<Record<string, number>>, seed: string): string {
  const digest = createHash('sha256').update(`${seed}:${user}`).digest();
  const u = digest.readUInt32BE(0) / 2 ** 32;
  const total = Object.values(split).reduce((sum, share) => sum + share, 0);
  let end = 0;
  for (const name of Object.keys(split).sort()) {
    end += split[name]!;
    if (u * total < end * (1 - 1e-12)) return name;
    // Too close to an end for another order of roundings to decide.
    if (u * total < end * (1 + 1e-12)) return variantOf(user, split, seed);
  }
  throw new Error('no variant');
}

test('everybody gets the variant of the stated rule, whatever the order of the names', () => {
  fc.assert(
    fc.property(splits, seeds, fc.string(), (split, seed, user) => {
      const variant = variantOf(user, split, seed);
      expect(variant).toBe(plainly(user, split, seed));
      expect(split[variant]).toBeGreaterThan(0);
      const reversed = Object.fromEntries(Object.entries(split).reverse());
      expect(variantOf(user, reversed, seed)).toBe(variant);
    }),
  );
  expect(variantOf(42, { a: 1, b: 1 })).toBe(variantOf('42', { a: 1, b: 1 }, 'split'));
});

test('the assignment never changes', () => {
  // The first digits of `printf split:USER | sha256sum`, for USER from 0: 2e0065fad035.
  const assigned = Array.from({ length: 12 }, (_, user) => variantOf(user, { a: 50, b: 50 }));
  expect(assigned.join('')).toBe('abaaaabbbaaa');
});

test('shares are kept within five standard deviations', () => {
  fc.assert(
    fc.property(splits, seeds, (split, seed) => {
      const total = Object.values(split).reduce((sum, share) => sum + share, 0);
      const counts = new Map<string, number>();
      for (const person of people) {
        const variant = variantOf(person, split, seed);
        counts.set(variant, (counts.get(variant) ?? 0) + 1);
      }
      for (const [name, share] of Object.entries(split)) {
        const p = share / total;
        const deviation = Math.sqrt(people.length * p * (1 - p));
        expect(Math.abs((counts.get(name) ?? 0) - people.length * p)).toBeLessThanOrEqual(5 * deviation + 1);
      }
    }),
    { numRuns: 10 },
  );
});

test('when a share grows, people move only to it', () => {
  const share = fc.nat({ max: 1000 });
  fc.assert(
    fc.property(share, share, fc.nat({ max: 1000 }), seeds, (a, b, more, seed) => {
      fc.pre(a + b > 0 && a + b + more > 0);
      for (const person of people.slice(0, 300)) {
        const [before, after] = [variantOf(person, { a, b }, seed), variantOf(person, { a, b: b + more }, seed)];
        if (before !== after) expect([before, after]).toEqual(['a', 'b']);
      }
    }),
    { numRuns: 30 },
  );
});

test('a share that goes from one variant to the next moves only people between these', () => {
  fc.assert(
    fc.property(
      fc.tuple(...Array(4).fill(fc.integer({ min: 1, max: 100 }))),
      fc.nat({ max: 2 }),
      seeds,
      ([...given], at, seed) => {
        const shares = given as number[];
        const splitOf = (values: number[]) => Object.fromEntries(values.map((value, n) => ['abcd'[n]!, value]));
        const moved = shares.with(at, shares[at]! + shares[at + 1]!).with(at + 1, 0);
        for (const person of people.slice(0, 200)) {
          const [before, after] = [variantOf(person, splitOf(shares), seed), variantOf(person, splitOf(moved), seed)];
          if (before !== after) expect([before, after]).toEqual(['abcd'[at + 1], 'abcd'[at]]);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('another seed assigns people independently', () => {
  const both = people.filter(
    (person) => variantOf(person, { a: 1, b: 1 }, 'one') === 'b' && variantOf(person, { a: 1, b: 1 }, 'two') === 'b',
  );
  // A quarter, within five standard deviations.
  expect(Math.abs(both.length - people.length / 4)).toBeLessThan(5 * Math.sqrt((people.length * 3) / 16));
});

describe('refuses', () => {
  test.each<[string, () => unknown]>([
    ['no variant', () => variantOf('u', {})],
    ['shares of 0', () => variantOf('u', { a: 0, b: 0 })],
    ['a negative share', () => variantOf('u', { a: 1, b: -1 })],
    ['a share that is no number', () => variantOf('u', { a: Number.NaN })],
    ['an endless share', () => variantOf('u', { a: Infinity })],
    ['a wrong name', () => variantOf('u', { 'a.b': 1 })],
    ['a wrong seed', () => variantOf('u', { a: 1 }, 'a:b')],
  ])('%s', (_, call) => {
    expect(errorOf(call).code).toBe('bad-option');
  });
});
