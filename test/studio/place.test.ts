import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fragmentOf, placeOf, rooms, start } from '../../src/studio/page/state/place.ts';

const name = fc.stringMatching(/^[a-zA-Z.]{1,12}$/).filter((text) => text !== 'runs');
const place = fc.record({
  room: fc.constantFrom(...rooms),
  runs: fc.array(fc.stringMatching(/^[\w-]{1,8}$/), { maxLength: 3 }),
  options: fc.dictionary(name, fc.string({ minLength: 1, unit: 'binary' }), { maxKeys: 4 }),
});

test('a place goes into an address and comes back', () => {
  fc.assert(
    fc.property(place, (given) => {
      expect(placeOf(fragmentOf(given))).toEqual({ ...given, options: { ...given.options } });
    }),
  );
});

test('any fragment is a place: a token, rubbish and nothing are the first room', () => {
  for (const fragment of ['', '#', '#token=secret', '#/nowhere?x=1', '#%E0%A4%A', '#/Data'])
    expect(placeOf(fragment)).toEqual(start);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(rooms).toContain(placeOf(`#${text}`).room);
    }),
  );
});

test('an option that is empty is not in the address', () => {
  expect(fragmentOf({ room: 'train', runs: ['r2', 'r1'], options: { epochs: '', 'loss.name': 'sl' } })).toBe(
    '#/train?runs=r2,r1&loss.name=sl',
  );
});
