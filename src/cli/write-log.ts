// Writes interactions and titles as delimited text.

import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import type { Csr } from '../array/csr.ts';
import type { IdMap } from '../data/id-map.ts';

/** Rows per write. Larger blocks cost memory, smaller ones calls. */
const BLOCK = 10_000;

/** Writes a users × items matrix as a log with the header `user,item`: with tabs for .tsv, compressed for .gz. */
export async function writeLog(path: string, matrix: Csr, users: IdMap, items: IdMap): Promise<void> {
  await writeRows(path, entries(matrix, users, items));
}

/** Streams rows to a file of delimited text. An existing file is replaced only when the new one is complete. */
export async function writeRows(path: string, rows: Iterable<readonly string[]>): Promise<void> {
  const delimiter = /\.tsv(\.gz)?$/i.test(path) ? '\t' : ',';
  const temporary = `${path}.${process.pid}.tmp`;
  const text = Readable.from(blocks(rows, delimiter));
  try {
    if (/\.gz$/i.test(path)) await pipeline(text, createGzip(), createWriteStream(temporary));
    else await pipeline(text, createWriteStream(temporary));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The header, then one row of ids for each entry, user by user. */
function* entries(matrix: Csr, users: IdMap, items: IdMap): Generator<readonly string[]> {
  yield ['user', 'item'];
  for (let u = 0; u < matrix.rows; u++) {
    const user = users.idOf(u);
    for (let e = matrix.offsets[u]!; e < matrix.offsets[u + 1]!; e++) yield [user, items.idOf(matrix.indices[e]!)];
  }
}

/** Joins rows into texts of `BLOCK` rows each. */
function* blocks(rows: Iterable<readonly string[]>, delimiter: string): Generator<string> {
  let block: (readonly string[])[] = [];
  // Leading and trailing blanks belong to an id; quotes protect them.
  const text = () => stringify(block as string[][], { delimiter, quoted_match: /^\s|\s$/ });
  for (const row of rows) {
    if (block.push(row) < BLOCK) continue;
    yield text();
    block = [];
  }
  yield text();
}
