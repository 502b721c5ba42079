import { open, rm } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import { literal } from '../data/formats/duckdb.ts';
import { TaurecError } from '../errors.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import type { Id, RecommendOptions, UserRecommendations } from './recommendation.ts';
import type { Recommender } from './recommender.ts';

export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;
/** A file format for lists. */
export type ExportFormat = (typeof exportFormats)[number];

/** Which lists to write, in which format; progress and cancellation. */
export interface ExportOptions extends RecommendOptions {
  /** Default: by the file's name (.csv, .jsonl, .ndjson, .parquet). */
  readonly format?: ExportFormat;
  /** Default: all users of the model. */
  readonly users?: Iterable<Id>;
  /** Called after each block of users. */
  readonly onProgress?: (users: number, total: number) => void;
  /** Stops between two blocks with error `aborted`; the file is left as it was. */
  readonly signal?: AbortSignal;
}

/**
 * Writes recommendations for all users (or those listed) to a file, streaming: a block of users is in memory at a time. CSV and Parquet hold a row for each
 * recommendation: user, rank (from 1), item, score, and title when the model has titles. JSON lines hold a line for each user: `{"user", "items": [{"id", "score", "title"?}]}`.
 * The file is replaced only by a whole one. Returns the number of users. Throws `bad-option` when the format is not known, `unknown-id` for a listed user, `aborted`.
 */
export async function exportRecommendations(
  recommender: Recommender,
  file: string,
  options: ExportOptions = {},
): Promise<number> {
  const { format = formatOf(file), onProgress, signal, ...rest } = options;
  if (!exportFormats.includes(format)) fail('format', format, `one of ${exportFormats.join(', ')}`);
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

function formatOf(file: string): ExportFormat {
  if (/\.csv$/i.test(file)) return 'csv';
  if (/\.(jsonl|ndjson)$/i.test(file)) return 'jsonl';
  if (/\.parquet$/i.test(file)) return 'parquet';
  return fail('file', file, 'a name that ends in .csv, .jsonl, .ndjson or .parquet', 'Or give the format.');
}

function fail(option: string, got: unknown, expected: string, remedy?: string): never {
  throw new TaurecError('bad-option', { option, got, expected, remedy });
}

/** A file that takes recommendation lists block by block. */
interface ListFile {
  write(block: readonly UserRecommendations[]): Promise<void>;
  /** Completes the file. */
  finish(): Promise<void>;
  /** Frees what writing held, whether it came to an end or not. */
  close(): Promise<void>;
}

function openListFile(format: 'csv' | 'jsonl' | 'parquet', path: string, titles: boolean): Promise<ListFile> {
  if (format === 'parquet') return openParquet(path, titles);
  return format === 'csv' ? openCsv(path, titles) : openJsonLines(path);
}

type Row = (string | number | null)[];

const columns = ['user', 'rank', 'item', 'score', 'title'];

/** A row for each recommendation. */
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

/** Rows go to a temporary DuckDB file, which becomes the Parquet file at the end: memory stays flat. */
async function openParquet(path: string, titles: boolean): Promise<ListFile> {
  const database = `${path}.duckdb`;
  // loaded when first used: see data/duckdb.ts
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
      await Promise.all([database, `${database}.wal`].map((name) => rm(name, { force: true })));
      await rm(`${database}.tmp`, { force: true, recursive: true });
    },
  };
}
