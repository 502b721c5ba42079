// The two readers over bytes: that of Node over a file, and that of a browser over a Blob.

import { readFileSync } from 'node:fs';
import { readInteractions as readInPage } from '../../src/browser/reading/read-interactions.ts';
import { readInteractions } from '../../src/data/read.ts';
import type { Reader } from './drawn-files.ts';
import { file, folder } from './temporary.ts';

let made = 0;

export const inNode: Reader = async (bytes, options) => {
  const path = file(`drawn-${made++ % 8}.txt`, bytes);
  const log = await readInteractions(path, { ...options, rejectsDirectory: folder });
  const { rejectsFile } = log.report;
  return { log, skipped: rejectsFile === undefined ? '' : readFileSync(rejectsFile, 'utf8') };
};

export const inPage: Reader = async (bytes, options) => {
  const log = await readInPage({ name: 'drawn.txt', blob: new Blob([bytes as Uint8Array<ArrayBuffer>]) }, options);
  return { log, skipped: log.report.skippedRows?.[0]?.text ?? '' };
};
