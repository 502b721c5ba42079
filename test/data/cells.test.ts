// One rule of cells, in JavaScript and in SQL.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkedText } from '../../src/data/formats/cell-sql.ts';
import { type CellRules, measureOf } from '../../src/data/formats/cells.ts';
import { literal, openDuck } from '../../src/data/formats/duckdb.ts';
import { draws } from '../support/property-seed.ts';

const two = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((x) => String(x).padStart(2, '0'));
const joined = (...parts: (fc.Arbitrary<string> | string)[]) =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((all) => all.join(''));
const maybe = (part: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), part);
const year = fc.constantFrom('1969', '1970', '2000', '2024', '0001', '0099', '2100', '9999');
const digits = fc.stringMatching(/^\d{1,8}$/);
const fraction = maybe(joined('.', digits));
const zone = fc.oneof(
  fc.constantFrom('', 'Z', ' UTC', 'GMT', ' Z'),
  joined(fc.constantFrom('+', '-'), two(0, 99), maybe(joined(':', two(0, 99)))),
);
const clock = joined(two(0, 25), ':', two(0, 61), maybe(joined(':', two(0, 61), fraction)), zone);
const day = joined(year, '-', two(0, 13), '-', two(0, 32));
const slashed = joined(year, '/', two(1, 12), '/', two(1, 31));
const dotted = joined(two(0, 32), '.', two(0, 13), '.', year, maybe(joined(' ', two(0, 25), ':', two(0, 61))));
const number = joined(
  maybe(fc.constantFrom('+', '-')),
  maybe(digits),
  maybe(fc.constantFrom('.', ',')),
  maybe(digits),
  maybe(joined('e', maybe(fc.constantFrom('-', '+')), fc.constantFrom('0', '5', '12', '330'))),
);
const padded = (cell: fc.Arbitrary<string>) =>
  joined(maybe(fc.constantFrom(' ', '\t', '\u00a0')), cell, maybe(fc.constantFrom(' ', '\r', '\u00a0')));
const cell = fc.oneof(
  padded(number),
  padded(joined(fc.oneof(day, slashed), fc.constantFrom('', 'T', ' '), maybe(clock))),
  padded(joined(day, 'T', fc.constantFrom('24:00', '24:00:00', '24:00:00.0', '24:00:00+02', '23:59:59.999999'))),
  padded(dotted),
  fc.constantFrom('', ' ', 'NULL', 'nan', 'inf', 'x'),
);

/** Texts in and around a format, with the rules that name it. */
const formats: Readonly<Record<string, fc.Arbitrary<string>>> = {
  '%d/%m/%Y %H:%M': joined(two(0, 32), '/', two(0, 13), '/', year, ' ', two(0, 25), ':', two(0, 61)),
  '%b %d %Y %I:%M %p': joined(
    fc.constantFrom('Jan', 'feb', 'SEP', 'Foo', 'sept'),
    ' ',
    two(0, 32),
    ' ',
    year,
    ' ',
    two(0, 13),
    ':',
    two(0, 61),
    ' ',
    fc.constantFrom('AM', 'pm', 'Pm'),
  ),
  '%y%m%d %H %p': joined(two(0, 99), two(1, 12), two(1, 31), ' ', two(0, 25), ' ', fc.constantFrom('AM', 'PM')),
  '%Y-%m-%d %H:%M:%S.%f %z': joined(day, ' ', two(0, 25), ':', two(0, 61), ':', two(0, 61), '.', digits, ' ', zone),
};

test('ratings, times and weights have the value that DuckDB gives them', async () => {
  const duck = await openDuck();
  try {
    const same = async (role: 'rating' | 'time' | 'weight', texts: readonly string[], rules: CellRules) => {
      const rows = texts.map((text) => `(${literal(text)})`).join(', ');
      const sql = `SELECT ${checkedText(role, 'text', rules)} FROM (VALUES ${rows}) t(text)`;
      const values = (await duck.connection.runAndReadAll(sql)).getRows().map(([value]) => value ?? undefined);
      const own = texts.map((text) => measureOf(role, text, rules));
      // DuckDB divides some times by a million and multiplies others: the last bit of a time may differ.
      const isSame = (at: number) => {
        const [a, b] = [own[at], values[at]] as [number | undefined, number | undefined];
        return (
          Object.is(a, b) || a === b || (role === 'time' && Math.abs(a! - b!) <= Math.max(1, Math.abs(b!)) * 2 ** -51)
        );
      };
      const wrong = texts.flatMap((text, at) => (isSame(at) ? [] : [[text, own[at], values[at]]]));
      expect(wrong).toEqual([]);
    };
    const plain = fc.asyncProperty(
      fc.constantFrom('rating' as const, 'time' as const, 'weight' as const),
      fc.array(cell, { minLength: 30, maxLength: 30 }),
      fc.constantFrom<CellRules>({}, { decimal: ',' }, { nullValues: ['NULL', '12'] }),
      (role, texts, rules) => same(role, texts, rules),
    );
    await fc.assert(plain, draws(60));
    const named = fc.asyncProperty(
      fc
        .constantFrom(...Object.keys(formats))
        .chain((format) => fc.tuple(fc.constant(format), fc.array(formats[format]!, { minLength: 20, maxLength: 20 }))),
      ([timeFormat, texts]) => same('time', texts, { timeFormat }),
    );
    await fc.assert(named, draws(60));
  } finally {
    await duck.close();
  }
});
