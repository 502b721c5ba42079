import { test } from 'vitest';
import { campaign } from '../support/property-seed.ts';
import { checkReader } from './drawn-files.ts';
import { inPage } from './readers.ts';

const files = 3000 * campaign;

// Together with read-fuzz.test.ts, which draws a third as many.
test(
  `the reader of a browser finds what a plain reader finds, in ${files} files`,
  () => checkReader(inPage, files),
  300_000 * campaign,
);
