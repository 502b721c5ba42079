import { open, rm } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import { literal } from '../data/formats/duckdb.ts';
import type { UserRecommendations } from './recommendation.ts';

/** A file that takes recommendation lists block by block. */
export interface ListFile {
  write(block: readonly UserRecommendations[]): Promise<void>;
  /** Completes the file. */
  finish(): Promise<void>;
  /** Frees what writing held, whether it came to an end or not. */
  close(): Promise<void>;
}

export function openListFile(format: 'csv' | 'jsonl' | 'parquet', path: string, titles: boolean): Promise<ListFile> {
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

/** Rows go to a DuckDB file beside it, which becomes the Parquet file at the end: memory stays flat. */
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
