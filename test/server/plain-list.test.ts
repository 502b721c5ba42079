import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { plainList } from '../../src/server/plain-list.ts';
import { defaultLimits, requestSchemas } from '../../src/server/schemas.ts';

const error = 'a list of 1 to 30 numbers';
const element = z.union([z.int(), z.literal('none')], { error: 'a whole number' }).transform(String);
let read = 0;
const counted = element.refine(() => ++read > 0);
const plain = (value: unknown) => (Number.isSafeInteger(value) ? `${value}` : undefined);
const [own, reference] = [
  z.object({ list: plainList(element, plain, { error, least: 1, most: 30 }).optional() }),
  z.object({ list: z.array(element, { error }).min(1, { error }).max(30, { error }).optional() }),
];
const outcome = (schema: z.ZodType, value: unknown) => {
  const { success, data, error: failure } = schema.safeParse(value);
  return success ? data : failure!.issues.map(({ path, code, message }) => ({ path, code, message }));
};

test('reads and refuses what an array of zod does', () => {
  const values = fc.oneof(fc.integer(), fc.constant('none'), fc.constantFrom(1.5, null, 'a', [], {}, true));
  const lists = fc.oneof(fc.array(values, { maxLength: 19 }), fc.array(fc.integer(), { maxLength: 40 }), fc.anything());
  fc.assert(
    fc.property(lists, (list) => {
      expect(outcome(own, { list })).toEqual(outcome(reference, { list }));
    }),
  );
});

test('plain elements never reach zod; after 20 wrong ones, or beyond its length, a list is not read', () => {
  const list = plainList(counted, plain, { error, least: 0, most: 1000 });
  const reads = (value: unknown) => {
    read = 0;
    return [outcome(list, value), read] as const;
  };
  expect(reads(Array.from({ length: 1000 }, (_, i) => i))[1]).toBe(0);
  expect(reads([1, 'none', 2])[1]).toBe(1);
  expect(reads(new Array(1001).fill('none'))).toEqual([[{ path: [], code: 'too_big', message: error }], 0]);
  expect(reads(new Array(1000).fill('wrong'))[0]).toHaveLength(20);
});

test('ids and pairs of a request are what their schemas make of them', () => {
  const { id, scores, recommendations } = requestSchemas({ ...defaultLimits, idLength: 5 });
  const ids = fc.oneof(fc.string({ maxLength: 7 }), fc.integer(), fc.constantFrom('\0', '\ud800', null));
  const plainOnly = (value: unknown) => typeof value === 'string' && id.safeParse(value).success;
  fc.assert(
    fc.property(fc.array(ids, { minLength: 1, maxLength: 5 }), (users) => {
      const expected = users.every((user) => plainOnly(user) || Number.isSafeInteger(user));
      const parsed = recommendations.safeParse({ users });
      expect(parsed.success).toBe(expected);
      if (parsed.success) expect(parsed.data.users).toEqual(users.map(String));
    }),
  );
  const pairs = fc.record({ user: ids, item: ids, other: ids }, { requiredKeys: [] });
  fc.assert(
    fc.property(pairs, (pair) => {
      const isId = (value: unknown) => plainOnly(value) || Number.isSafeInteger(value);
      const expected = !('other' in pair) && isId(pair.user) && isId(pair.item);
      const parsed = scores.safeParse({ pairs: [pair] });
      expect(parsed.success).toBe(expected);
      if (parsed.success) expect(parsed.data.pairs).toEqual([{ user: `${pair.user}`, item: `${pair.item}` }]);
    }),
  );
});
