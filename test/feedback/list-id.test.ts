import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listId, parseListId } from '../../src/feedback/list-id.ts';

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
const name = fc.string({ unit: fc.constantFrom(...letters), maxLength: 64 });
const version = fc.oneof(
  fc.integer({ min: 1, max: 1e9 }).map((number) => `v${number}`),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 8, maxLength: 8 }),
);
const origin = fc.record({ variant: name, version, place: name });

test('an id says what it was made of', () => {
  fc.assert(
    fc.property(origin, (made) => {
      const id = listId(made);
      expect(parseListId(id)).toEqual(made);
      expect(encodeURIComponent(id)).toBe(id);
    }),
  );
});

test('no other text is an id', () => {
  fc.assert(
    fc.property(origin, fc.nat(), fc.constantFrom('', ' ', '.', '/', 'é', '\n', 'x'), (made, at, inserted) => {
      const id = listId(made);
      const end = id.length - 12;
      expect(parseListId(id.slice(0, -1))).toBeUndefined();
      expect(parseListId(`${id}${inserted || '.'}`)).toBeUndefined();
      // A letter may be put into a name; nothing else may.
      const place = at % end;
      if (inserted !== '' && inserted !== 'x')
        expect(parseListId(`${id.slice(0, place)}${inserted}${id.slice(place)}`)).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseListId(text)).toBeUndefined();
    }),
  );
  for (const text of [
    '.v0.home.AAAAAAAAAAAA',
    '.v01.home.AAAAAAAAAAAA',
    '.0123456.home.AAAAAAAAAAAA',
    `${'a'.repeat(65)}.v1..AAAAAAAAAAAA`,
  ])
    expect(parseListId(text)).toBeUndefined();
});

test('ids are never the same, and their random characters are spread evenly', () => {
  const made = { variant: 'a', version: 'v1', place: 'home' };
  const parts = Array.from({ length: 20_000 }, () => listId(made).slice(-12));
  expect(new Set(parts).size).toBe(parts.length);
  // By chi-squared over 64 letters, 63 degrees of freedom: 140 is exceeded once in ten million.
  for (let at = 0; at < 12; at++) {
    const counts = new Map<string, number>();
    for (const part of parts) counts.set(part[at]!, (counts.get(part[at]!) ?? 0) + 1);
    const expected = parts.length / 64;
    const chi = letters.reduce((sum, letter) => sum + ((counts.get(letter) ?? 0) - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(140);
  }
});

test('a part that is not of its form is an error, not an id that says nothing', () => {
  expect(parseListId(listId({ version: 'v3' }))).toEqual({ variant: '', version: 'v3', place: '' });
  for (const wrong of [
    { version: 'published' },
    { version: 'v0' },
    { version: 'v1', place: 'a.b' },
    { version: 'v1', variant: 'ä' },
  ])
    expect(() => listId(wrong)).toThrow(expect.objectContaining({ code: 'bad-option' }));
});
