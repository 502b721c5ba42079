// Files of delimited text, drawn at random, with what a plain reader finds in them.

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Interactions } from '../../src/data/interactions.ts';
import type { ReadOptions } from '../../src/data/read-options.ts';
import { type Found, type PlainRules, readPlainly } from './plain-reader.ts';

export const names = ['user', 'item', 'rating', 'note'];

/** A text with the rules by which it is read. */
export interface Drawn {
  text: string;
  rules: PlainRules;
  zipped: boolean;
}

/** Files of all kinds: delimiters, quotes and line ends; quoted fields with delimiters and line ends in them; stray quotes, blank rows, repeated headers, short rows. */
export const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '|', '::', '\t'),
    asked: fc.constantFrom<ReadOptions['quote']>(undefined, undefined, 'none', '"', "'"),
    ends: fc.constantFrom(['\n'], ['\r\n'], ['\n', '\r\n'], ['\r'], ['\r', '\n']),
    mark: fc.boolean(),
    zipped: fc.boolean(),
    // A tame file has nothing that needs a second look: DuckDB reads it alone.
    tame: fc.boolean(),
  })
  .chain(({ delimiter, asked, ends, mark, zipped, tame }) => {
    const quote = asked === undefined ? (delimiter === '\t' ? '' : '"') : asked === 'none' ? '' : asked;
    const rules = { delimiter, quote, asked: asked !== undefined };
    const end = fc.constantFrom(...ends);
    const inside = quote || '"';
    const plain = fc.constantFrom('a', 'b', '1', '2', '17', '007', 'é', 'x y', "o'h", 'a"b', '-');
    const quoted = fc
      .array(fc.oneof(plain, fc.constantFrom(delimiter, '\n', ' ', inside + inside)), { minLength: 1, maxLength: 4 })
      .map((parts) => `${inside}${parts.join('').replaceAll(/(?<!")"(?!")/g, inside === '"' ? '""' : '"')}${inside}`);
    const odd = fc.constantFrom(
      `${inside}z`,
      `z${inside}`,
      `${inside}z${inside}y`,
      inside,
      '',
      ' ',
      `${inside}${inside}`,
    );
    const padded = (cell: fc.Arbitrary<string>) =>
      fc.tuple(fc.constantFrom('', '', ' ', '  '), cell, fc.constantFrom('', '', ' ')).map((parts) => parts.join(''));
    const tameQuoted = plain.map((text) => (text.includes('"') ? text : `${inside}${text}${delimiter}${inside}`));
    const cell = tame
      ? fc.oneof(plain, ...(quote ? [tameQuoted] : []))
      : fc.oneof(
          { weight: 20, arbitrary: plain },
          { weight: 3, arbitrary: padded(plain) },
          { weight: 3, arbitrary: quoted },
          { weight: 1, arbitrary: padded(quoted) },
          { weight: 1, arbitrary: odd },
        );
    const rating = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('1', '2', '4.5', '3') },
      tame ? fc.constant('5') : cell,
      fc.constant(''),
    );
    const row = fc.tuple(cell, cell, rating, cell).map((cells) => cells.join(delimiter));
    const header = names.join(delimiter);
    const line = fc.oneof(
      { weight: tame ? 1000 : 20, arbitrary: row },
      fc.constantFrom('', '   ', delimiter.repeat(3), header, `a${delimiter}b`),
    );
    return fc.array(fc.tuple(line, end), { minLength: 1, maxLength: 14 }).map((lines) => ({
      text: `${mark ? '\uFEFF' : ''}${header}${lines[0]![1]}${lines.map(([text, after]) => text + after).join('')}`,
      rules,
      zipped,
    }));
  });

/** Files that are drawn too seldom: line ends of two kinds in the copy that DuckDB reads, on which the reader once failed; a stray quote where lines end with \r. */
export const once: Drawn[] = [
  {
    text: 'user|item|rating|note\r\na|a|1|"z\r\na|"\n|"||a\r\na|"a"|1|a\r\n',
    rules: { delimiter: '|', quote: '"', asked: false },
    zipped: false,
  },
  {
    text: '\uFEFFuser,item,rating,note\ra,a,1,"z\r"\na",a,1,a\ra,a,1,a\r',
    rules: { delimiter: ',', quote: '"', asked: false },
    zipped: true,
  },
];

/** A reader of bytes, and the text of its list of skipped rows. */
export type Reader = (bytes: Uint8Array, options: ReadOptions) => Promise<{ log: Interactions; skipped: string }>;

/** What a reader finds. Undefined when it finds no row. */
export async function findIn(
  read: Reader,
  { text, rules, zipped }: Drawn,
  quote: ReadOptions['quote'],
): Promise<Found | undefined> {
  const options = { format: 'csv', delimiter: rules.delimiter, header: true, quote, onBadRow: 'skip' } as const;
  const bytes = zipped ? gzipSync(text) : new TextEncoder().encode(text);
  const done = await read(bytes, options).catch((error) => {
    if (error.code === 'empty-data') return undefined;
    throw error;
  });
  if (!done) return undefined;
  const { log, skipped } = done;
  const { rows, passed } = log.report;
  const { blankRows, repeatedHeaders, manyLines } = passed!;
  // Values of rejected rows may span lines; the line number begins a record of the file.
  const badLines = [...skipped.matchAll(/^(\d+),(?:note|item|user|rating|\d),/gm)].map((found) => Number(found[1]));
  const pairs = new Map<string, number>();
  for (let e = 0; e < log.users.length; e++) {
    const rating = log.ratings?.[e] ?? Number.NaN;
    // The plain reader does not keep which line end a field has in it.
    const ids = [log.userIds.idOf(log.users[e]!), log.itemIds.idOf(log.items[e]!)];
    const key = JSON.stringify(ids.map((id) => id.replace(/\r\n?/g, '\n')));
    pairs.set(key, Number.isNaN(rating) ? Number.NEGATIVE_INFINITY : rating);
  }
  expect(log.report.skipped).toBe(badLines.length);
  return { pairs, rows, blankRows, repeatedHeaders, badLines, manyLines: { ...manyLines } };
}

const askedOf = ({ rules }: Drawn): ReadOptions['quote'] =>
  rules.asked ? ((rules.quote || 'none') as ReadOptions['quote']) : undefined;

/** The check: undefined where both found the same, else both. */
export function difference(found: Found | undefined, expected: Found): object | undefined {
  const wanted = expected.rows === 0 ? undefined : expected;
  const text = (one: Found | undefined) => one && JSON.stringify({ ...one, pairs: [...one.pairs].sort() });
  return text(found) === text(wanted) ? undefined : { found: text(found), expected: text(wanted) };
}

/** Compares a reader with the plain one over drawn files. */
export async function checkReader(read: Reader, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(drawn, async (one) => {
    const found = await findIn(read, one, askedOf(one));
    expect(difference(found, readPlainly(one.text, names, one.rules))).toBeUndefined();
  });
  await fc.assert(property, { numRuns, examples: once.map((one) => [one] as [Drawn]) });
}
