import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdMap } from '../../src/data/id-map.ts';
import { canonicalInteger, encodeIntegers } from '../../src/data/integer-ids.ts';
import { houseOrder, unionIds } from '../../src/data/union-ids.ts';

const ids = fc.uniqueArray(fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer().map(String)), { maxLength: 60 });
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('idOf and indexOf agree with a plain array', () => {
  fc.assert(
    fc.property(ids, fc.string(), (list, other) => {
      const map = IdMap.fromIds(list);
      expect([...map]).toEqual(list);
      for (const id of [...list, other]) expect(map.indexOf(id)).toBe(list.indexOf(id));
      expect(Array.from(map.order, (i) => list[i]!)).toEqual([...list].sort(byBytes));
    }),
  );
});

test('slice and pick agree with plain arrays', () => {
  fc.assert(
    fc.property(ids, fc.nat(60), (list, n) => {
      const map = IdMap.fromIds(list);
      expect([...map.slice(n)]).toEqual(list.slice(0, n));
      for (const id of list) expect(map.slice(n).indexOf(id)).toBe(list.slice(0, n).indexOf(id));
      const odd = list
        .map((_, i) => i)
        .filter((i) => i % 2 === 1)
        .reverse();
      expect([...map.pick(odd)]).toEqual(odd.map((i) => list[i]!));
      for (const id of list) expect(map.pick(odd).indexOf(id)).toBe(odd.map((i) => list[i]!).indexOf(id));
    }),
  );
});

test('a number stands for its decimal text, and an unknown id is -1', () => {
  const map = IdMap.fromIds(['7', '007']);
  expect([map.indexOf(7), map.indexOf('007'), map.indexOf(8), map.indexOf('')]).toEqual([0, 1, -1, -1]);
});

test('an id that comes twice is refused', () => {
  expect(() => IdMap.fromIds(['a', 'b', 'a'])).toThrow('"a" occurs twice');
});

test('a union holds every id once, sorted by bytes, and maps both sides', () => {
  fc.assert(
    fc.property(ids, ids, (a, b) => {
      const { ids: union, fromFirst, fromSecond } = unionIds(IdMap.fromIds(a), IdMap.fromIds(b));
      expect([...union]).toEqual([...new Set([...a, ...b])].sort(byBytes));
      expect(Array.from(fromFirst, (i) => union.idOf(i))).toEqual(a);
      expect(Array.from(fromSecond, (i) => union.idOf(i))).toEqual(b);
      for (const id of a) expect(union.indexOf(id)).toBe([...union].indexOf(id));
    }),
  );
});

test('the house order is numeric for whole numbers alone, by bytes otherwise', () => {
  const order = (list: string[]) => Array.from(houseOrder(IdMap.fromIds(list)), (i) => list[i]);
  expect(order(['10', '9', '-3', '0', '100'])).toEqual(['-3', '0', '9', '10', '100']);
  expect(order(['10', '9', '007'])).toEqual(['007', '10', '9']);
});

test('whole numbers are encoded as their rank, whatever their span', () => {
  const whole = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.maxSafeInteger());
  fc.assert(
    fc.property(fc.array(whole, { maxLength: 80 }), (values) => {
      const { ids: map, codes } = encodeIntegers(Float64Array.from(values));
      const distinct = [...new Set(values.map((v) => v + 0))].sort((a, b) => a - b).map(String);
      expect([...map]).toEqual(distinct);
      expect(Array.from(codes, (code) => Number(map.idOf(code)))).toEqual(values.map((v) => v + 0));
      expect(Array.from(map.order, (i) => map.idOf(i))).toEqual([...distinct].sort(byBytes));
    }),
  );
});

test('only plain decimal whole numbers up to 2^53 - 1 are integers', () => {
  expect(['0', '-5', '9007199254740991'].map(canonicalInteger)).toEqual([0, -5, 2 ** 53 - 1]);
  for (const id of ['007', '+7', '-0', '7.0', '1e3', ' 7', '', '9007199254740992'])
    expect(canonicalInteger(id)).toBeNaN();
});
