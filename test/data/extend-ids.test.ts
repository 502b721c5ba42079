import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdMap } from '../../src/data/id-map.ts';
import { extendIds } from '../../src/data/union-ids.ts';

const texts = fc.uniqueArray(fc.oneof(fc.nat(30).map(String), fc.string({ unit: 'grapheme', maxLength: 3 })), {
  maxLength: 20,
});

test('old ids keep their indices, every id is found once, and codes lead to it', () => {
  fc.assert(
    fc.property(texts, texts, (old, more) => {
      const { ids, added, codes } = extendIds(IdMap.fromIds(old), IdMap.fromIds(more));
      const fresh = more.filter((id) => !old.includes(id));
      expect([...ids].slice(0, old.length)).toEqual(old);
      expect([...ids].slice(old.length).sort()).toEqual(fresh.sort());
      expect(added).toBe(fresh.length);
      expect(ids.size).toBe(old.length + added);
      for (const id of [...old, ...more]) expect(ids.idOf(ids.indexOf(id))).toBe(id);
      expect(ids.indexOf('not there')).toBe(-1);
      expect(Array.from(codes, (code) => ids.idOf(code))).toEqual(more);
    }),
  );
});

test('new ids come by number where all of them are whole numbers, else by bytes', () => {
  const order = (...more: string[]) => [...extendIds(IdMap.fromIds(['7', 'x']), IdMap.fromIds(more)).ids];
  expect(order('10', '9', '7')).toEqual(['7', 'x', '9', '10']);
  expect(order('10', '9', 'a')).toEqual(['7', 'x', '10', '9', 'a']);
});

test('nothing new is the old map itself', () => {
  const old = IdMap.fromIds(['b', 'a']);
  expect(extendIds(old, IdMap.fromIds(['a'])).ids).toBe(old);
});
