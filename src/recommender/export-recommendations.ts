/** Writes recommendation lists of many users to a CSV, JSON lines or Parquet file. Each format is a `ListFile`, which takes the lists block by block. */

import { open, rm } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import { literal } from '../data/formats/duckdb.ts';
import { TaurecError } from '../errors.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import type { Id, RecommendOptions, UserRecommendations } from './recommendation.ts';
import type { Recommender } from './recommender.ts';

/** The names of the file formats for recommendation lists. */
export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;
/** A file format for recommendation lists: one of `csv`, `jsonl`, `parquet`. */
export type ExportFormat = (typeof exportFormats)[number];

/** Options of `exportRecommendations`: the lists to write and their format, progress, cancellation. */
export interface ExportOptions extends RecommendOptions {
  /** Default: by the extension of the file name (.csv, .jsonl, .ndjson, .parquet). */
  readonly format?: ExportFormat;
  /** The users to write lists for. Default: all users of the model. */
  readonly users?: Iterable<Id>;
  /** Called after each block of users with the number of users written and the total. */
  readonly onProgress?: (users: number, total: number) => void;
  /** Cancels between two blocks with error `aborted`; an existing file stays unchanged. */
  readonly signal?: AbortSignal;
}

/**
 * Writes recommendations for all users (or those listed) to a file. It streams: one block of users is in memory at a time. CSV and Parquet have one row per
 * recommendation: user, rank (from 1), item, score, and title if the model has titles. JSON lines have one line per user: `{"user", "items": [{"id", "score", "title"?, "because"?}]}`.
 * The write is atomic: an existing file stays until the new one is complete. Returns the number of users.
 * @throws TaurecError `bad-option` for an unknown format; `unknown-id` for a listed user that the model does not know, unless `fallback` is set; `aborted`
 */
export async function exportRecommendations(
  recommender: Recommender,
  file: string,
  options: ExportOptions = {},
): Promise<number> {
  const { format = formatOf(file), onProgress, signal, ...rest } = options;
  if (!exportFormats.includes(format)) fail('format', format, `one of ${exportFormats.join(', ')}`);
  if (format !== 'jsonl' && (rest.explain ?? 0) > 0) {
    fail(
      'explain',
      rest.explain,
      'a file of JSON lines, because rows of a table hold no reasons',
      'Write a .jsonl file.',
    );
  }
  const listed = rest.users && [...rest.users];
  const total = listed?.length ?? recommender.userIds.size;
  let users = 0;
  await writeAtomically(file, async (temporary) => {
    const lists = await openListFile(format, temporary, recommender.hasTitles);
    try {
      for await (const block of recommender.recommendAll({ ...rest, users: listed })) {
        if (signal?.aborted) throw new TaurecError('aborted');
        await lists.write(block);
        users += block.length;
        onProgress?.(users, total);
      }
      await lists.finish();
    } finally {
      await lists.close();
    }
  });
  return users;
}

/** The format of a file by its extension. Throws `bad-option` for any other extension. */
function formatOf(file: string): ExportFormat {
  if (/\.csv$/i.test(file)) return 'csv';
  if (/\.(jsonl|ndjson)$/i.test(file)) return 'jsonl';
  if (/\.parquet$/i.test(file)) return 'parquet';
  return fail('file', file, 'a name that ends in .csv, .jsonl, .ndjson or .parquet', 'Or set the format.');
}

function fail(option: string, got: unknown, expected: string, remedy?: string): never {
  throw new TaurecError('bad-option', { option, got, expected, remedy });
}

/** An output file that receives recommendation lists block by block. */
interface ListFile {
  /** Appends the lists of a block. */
  write(block: readonly UserRecommendations[]): Promise<void>;
  /** Completes the file. */
  finish(): Promise<void>;
  /** Releases handles and temporary files, also after a failure. */
  close(): Promise<void>;
}

function openListFile(format: 'csv' | 'jsonl' | 'parquet', path: string, titles: boolean): Promise<ListFile> {
  if (format === 'parquet') return openParquet(path, titles);
  return format === 'csv' ? openCsv(path, titles) : openJsonLines(path);
}

type Row = (string | number | null)[];

/** The columns of CSV and Parquet; `title` only if the model has titles. */
const columns = ['user', 'rank', 'item', 'score', 'title'];

/** The lists of a block as rows: one per recommendation. */
function rowsOf(block: readonly UserRecommendations[], titles: boolean): Row[] {
  return block.flatMap(({ user, items }) =>
    items.map(({ id, score, title }, i): Row => {
      const row = [user, i + 1, id, score];
      return titles ? [...row, title ?? null] : row;
    }),
  );
}

async function openCsv(path: string, titles: boolean): Promise<ListFile> {
  const text = await openText(path);
  await text.write(stringify([titles ? columns : columns.slice(0, 4)]));
  return { ...text, write: (block) => text.write(stringify(rowsOf(block, titles))) };
}

async function openJsonLines(path: string): Promise<ListFile> {
  const text = await openText(path);
  return { ...text, write: (block) => text.write(block.map((entry) => `${JSON.stringify(entry)}\n`).join('')) };
}

/** A new text file. It must not exist: the path is a temporary one. */
async function openText(path: string) {
  const file = await open(path, 'wx');
  return {
    write: async (text: string) => {
      await file.writeFile(text);
    },
    finish: async () => {},
    close: () => file.close(),
  };
}

/** Appends rows to a temporary DuckDB database on disk, and copies it to the Parquet file at the end, so that memory use does not grow with the number of rows. */
async function openParquet(path: string, titles: boolean): Promise<ListFile> {
  const database = `${path}.duckdb`;
  // DuckDB is loaded on first use: its native library is large, and most programs never need it (data/formats/duckdb.ts).
  const { DOUBLE, DuckDBDataChunk, DuckDBInstance, INTEGER, VARCHAR } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(database, { memory_limit: '512MB' });
  const connection = await instance.connect();
  const title = titles ? ', title VARCHAR' : '';
  await connection.run(`CREATE TABLE lists ("user" VARCHAR, "rank" INTEGER, item VARCHAR, score DOUBLE${title})`);
  const appender = await connection.createAppender('lists');
  const types = [VARCHAR, INTEGER, VARCHAR, DOUBLE, VARCHAR].slice(0, titles ? 5 : 4);
  return {
    async write(block) {
      const rows = rowsOf(block, titles);
      // 2048 rows are the size of DuckDB's own data chunks, and the most that one holds.
      for (let first = 0; first < rows.length; first += 2048) {
        const chunk = DuckDBDataChunk.create(types);
        chunk.setRows(rows.slice(first, first + 2048));
        appender.appendDataChunk(chunk);
      }
    },
    async finish() {
      appender.closeSync();
      await connection.run(`COPY lists TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
    },
    async close() {
      connection.closeSync();
      instance.closeSync();
      // DuckDB may leave a write-ahead log and a folder for spilled data next to its database.
      await Promise.all([database, `${database}.wal`].map((name) => rm(name, { force: true })));
      await rm(`${database}.tmp`, { force: true, recursive: true });
    },
  };
}
