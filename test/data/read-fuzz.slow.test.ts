import { test } from 'vitest';
import { checkReader } from './drawn-files.ts';
import { inPage } from './readers.ts';

test(
  'the reader of a browser finds what a plain reader finds, in 10,000 files',
  () => checkReader(inPage, 10_000),
  300_000,
);
