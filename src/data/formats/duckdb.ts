import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { TaurecError } from '../../errors.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../platform/temporary-folder.ts';

/** An in-memory DuckDB for reading one file. It spills to a temporary folder, which `close` removes. */
export interface Duck {
  connection: DuckDBConnection;
  /** A further connection to the same tables, for a query beside those of `connection`. */
  connect(): Promise<DuckDBConnection>;
  /** The temporary folder, for spilled data and for repaired copies. */
  folder: string;
  close(): Promise<void>;
}

/**
 * Opens DuckDB with at most `memory` (default 1 GB, which leaves room for training in the same process) and at most four threads. It neither downloads nor loads
 * extensions, so it does not use the network.
 * @throws TaurecError `missing-package` where its library is not installed or cannot be loaded, `cannot-write` without a temporary folder
 */
export async function openDuck(memory = '1GB'): Promise<Duck> {
  const { DuckDBInstance } = loadDuckDb();
  const folder = await temporaryFolder();
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: memory,
    threads: String(Math.min(4, availableParallelism())),
    temp_directory: folder,
    // Entries are sorted later anyway; preserving the file order would only buffer rows in memory.
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  const others: DuckDBConnection[] = [];
  // Dates without an offset are UTC, independent of the time zone of the machine.
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    folder,
    async connect() {
      const other = await instance.connect();
      others.push(other);
      return other;
    },
    async close() {
      for (const one of [connection, ...others]) one.closeSync();
      instance.closeSync();
      await removeTemporaryFolder(folder);
    },
  };
}

/**
 * The package of DuckDB, loaded on first use: it is a native library of some 60 MB, and a server never needs it. `require` takes half the time of `import`,
 * which scans the text of its CommonJS files for the names of their exports.
 * @throws TaurecError `missing-package`
 */
export function loadDuckDb(): typeof import('@duckdb/node-api') {
  try {
    return createRequire(import.meta.url)('@duckdb/node-api');
  } catch (cause) {
    return withoutDuckDb(cause as NodeJS.ErrnoException);
  }
}

/** The error for a library that does not load: its package of this platform is missing, or the process may not map it. */
function withoutDuckDb(cause: NodeJS.ErrnoException): never {
  const { platform, arch } = globalThis.process;
  const binary = `@duckdb/node-bindings-${platform}-${arch}`;
  const facts = { what: 'Reading data', name: '@duckdb/node-api' };
  if (/failed to map|cannot allocate/i.test(cause.message)) {
    const problem = `cannot be loaded: ${cause.message.split('\n', 1)[0]}. The process has too little address space for it: raise or remove the limit (ulimit -v unlimited). If its file is damaged, install it again`;
    throw new TaurecError('missing-package', { ...facts, problem, install: binary }, { cause });
  }
  const problem = `has no library for this platform (${platform}-${arch}): ${cause.message.split('\n', 1)[0]}. npm was told to leave optional packages out, or node_modules comes from another machine. Install it here`;
  throw new TaurecError('missing-package', { ...facts, problem, install: binary }, { cause });
}

/** A text as an SQL string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Runs a query and calls `use` with each chunk of its result, without holding the whole result in memory. */
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
