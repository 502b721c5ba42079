import { expect, test } from 'vitest';
import { campaign, draws } from '../support/property-seed.ts';
import { checkReader, difference, findIn, names } from './drawn-files.ts';
import { readPlainly } from './plain-reader.ts';
import { inNode, inPage } from './readers.ts';

const numRuns = draws(250).numRuns * campaign;

test(
  `the reader finds what a plain reader finds, in ${numRuns} files`,
  () => checkReader(inNode, numRuns),
  Math.max(120_000, numRuns * 2_000),
);

test(
  `so does that of a browser, in ${numRuns * 4} files`,
  () => checkReader(inPage, numRuns * 4),
  Math.max(120_000, numRuns * 2_000),
);

test('the check notices a reader that lets a quote take up rows', async () => {
  const rows = Array.from(
    { length: 30 },
    (_, e) => `u${e},i${e % 7},${e % 5},${e === 4 ? '"open' : e === 20 ? 'end"' : 'x'}`,
  );
  const one = {
    text: `${names.join(',')}\n${rows.join('\n')}\n`,
    rules: { delimiter: ',', quote: '"', asked: false },
    zipped: false,
  };
  const expected = readPlainly(one.text, names, one.rules);
  expect(expected).toMatchObject({ rows: 29, badLines: [6] });
  expect(difference(await findIn(inNode, one, undefined), expected)).toBeUndefined();
  // A named quote lets the field have its 17 lines: the swallow.
  expect(difference(await findIn(inNode, one, '"'), expected)).toBeDefined();
});
