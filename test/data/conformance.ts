// Compares the readers of Node and of a browser: logs, reports, errors.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readInteractions as readInPage } from '../../src/browser/reading/read-interactions.ts';
import { openDuck } from '../../src/data/formats/duckdb.ts';
import type { Interactions } from '../../src/data/interactions.ts';
import { readInteractions } from '../../src/data/read.ts';
import type { ReadOptions } from '../../src/data/read-options.ts';
import { TaurecError } from '../../src/errors.ts';
import { folder } from './temporary.ts';

export const blobOf = (path: string) => ({ name: path, blob: new Blob([readFileSync(path)]) });

/** All that a log says, with the list of skipped rows, or the error's code and facts. */
export async function outcome(read: Promise<Interactions>): Promise<object> {
  const log = await read.catch((error) => {
    if (error instanceof TaurecError) return error;
    throw error;
  });
  if (log instanceof TaurecError) return { code: log.code, facts: log.facts };
  const { userIds, itemIds, users, items, ratings, times, weights, report, sha256, source } = log;
  const { rejectsFile, skippedRows, ratings: spread, ...others } = report;
  const rejects = skippedRows?.[0]?.text ?? (rejectsFile && readFileSync(rejectsFile, 'utf8'));
  return {
    ids: [[...userIds], [...itemIds]],
    entries: [
      [...users],
      [...items],
      ratings && [...ratings],
      times && [...times].map(micros),
      weights && [...weights],
    ],
    // DuckDB gives rows in any order, and sums of another order have another last bit.
    report: { ...others, spread: spread && { ...spread, mean: Number(spread.mean.toPrecision(12)) } },
    rejects,
    sha256,
    source,
  };
}

/** The last bit of a time with a fraction is not compared: see test/data/cells.test.ts. */
const micros = (time: number) => Number(time.toPrecision(14));

/** Reads files with both readers. */
export async function both(paths: string | readonly string[], options: ReadOptions = {}): Promise<[object, object]> {
  const blobs = typeof paths === 'string' ? blobOf(paths) : paths.map(blobOf);
  return [
    await outcome(readInteractions(paths, { ...options, rejectsDirectory: folder })),
    await outcome(readInPage(blobs, options)),
  ];
}

export async function expectSame(paths: string | readonly string[], options?: ReadOptions): Promise<object> {
  const [node, page] = await both(paths, options);
  expect(page).toEqual(node);
  return page;
}

/** Writes a Parquet file of the rows that SQL makes; returns its path. */
export async function parquet(name: string, sql: string, options = 'compression snappy'): Promise<string> {
  const duck = await openDuck();
  try {
    await duck.connection.run(`COPY (${sql}) TO '${join(folder, name)}' (FORMAT parquet, ${options})`);
  } finally {
    await duck.close();
  }
  return join(folder, name);
}

/** Rows for Parquet: 5000 of 37 users. */
export const rowsForParquet =
  'SELECT i % 37 AS "user", i * 7 % 101 AS item, i % 5 + .5 AS rating, i AS "timestamp" FROM range(5000) t(i)';
