/** A PostgreSQL with pgvector inside this process, and how to reach it from outside. */
export interface VectorDatabase {
  /** Runs statements. */
  exec(sql: string): Promise<unknown>;
  query<T>(sql: string, parameters?: unknown[], options?: { blob?: Blob }): Promise<{ rows: T[] }>;
  /** Listens on a free port of 127.0.0.1; returns the port. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

/** Imports a package that need not be installed. */
async function optional(name: string) {
  return import(/* @vite-ignore */ name).catch(() => undefined);
}

const [pglite, pgvector, socket] = await Promise.all(
  ['@electric-sql/pglite', '@electric-sql/pglite-pgvector', '@electric-sql/pglite-socket'].map(optional),
);

/** Why there is no database to be had; undefined when there is one. */
export const noVectorDatabase: string | undefined =
  pglite && pgvector ? undefined : '@electric-sql/pglite or -pgvector is not installed';

/** Why it cannot be reached from outside; undefined when it can. The package is no dependency: it brings every extension along. */
export const noVectorSocket: string | undefined =
  noVectorDatabase ?? (socket ? undefined : '@electric-sql/pglite-socket is not installed');

export async function openVectorDatabase(): Promise<VectorDatabase> {
  const database = await pglite.PGlite.create({ extensions: { vector: pgvector.vector } });
  let server: { stop(): Promise<void> } | undefined;
  return {
    exec: (sql) => database.exec(sql),
    query: (sql, parameters, options) => database.query(sql, parameters, options),
    async listen() {
      const listening = new socket.PGLiteSocketServer({ db: database, port: 0, host: '127.0.0.1' });
      await listening.start();
      server = listening;
      return listening.getServerConn().split(':').at(-1);
    },
    async close() {
      await server?.stop();
      await database.close();
    },
  };
}
