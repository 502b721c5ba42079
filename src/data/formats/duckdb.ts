import { availableParallelism } from 'node:os';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { removeTemporaryFolder, temporaryFolder } from '../../platform/temporary-folder.ts';

/** A private in-memory DuckDB for one reading. What does not fit its memory goes to a temporary folder, which is removed with it. */
export interface Duck {
  connection: DuckDBConnection;
  /** A temporary folder, for spilling and for repaired copies. */
  folder: string;
  close(): Promise<void>;
}

/** Opens DuckDB with at most `memory` (default 1 GB, which leaves room for training in the same process) and four threads; no network, no extensions from outside. */
export async function openDuck(memory = '1GB'): Promise<Duck> {
  // loaded when first used: it is a native library of some 60 MB, and serving a model never needs it
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const folder = await temporaryFolder();
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: memory,
    threads: String(Math.min(4, availableParallelism())),
    temp_directory: folder,
    // Entries are sorted later; keeping the file's order would only hold rows back in memory.
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  // Dates without an offset are UTC, whatever the machine's time zone.
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    folder,
    async close() {
      connection.closeSync();
      instance.closeSync();
      await removeTemporaryFolder(folder);
    },
  };
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Runs a query and hands over its result chunk by chunk, without holding it whole. */
export async function eachChunk(duck: Duck, sql: string, use: (chunk: DuckDBDataChunk) => void): Promise<void> {
  const result = await duck.connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    use(chunk);
  }
}

/** The first value of a query's first row, as a number. */
export async function scalar(duck: Duck, sql: string): Promise<number> {
  const reader = await duck.connection.runAndReadAll(sql);
  return Number(reader.getRows()[0]?.[0] ?? 0);
}
