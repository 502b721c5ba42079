import type { ClientBase, Pool, PoolClient } from 'pg';
import { feedbackColumns, type PostgresPlace, quotedTable, type TableName } from '../data/database/database-place.ts';
import { isConnectionLost, isTimeout, postgresError, postgresOptions } from '../data/database/postgres.ts';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog, FeedbackRow, FeedbackStore, StoredFeedback } from './feedback-log.ts';
import { StoredLog } from './stored-log.ts';

/** Connections: one writes, others read and check. */
const connections = 4;
/** Time that a statement may take, on the server; the client waits a little longer, for a server that is gone. */
const statementSeconds = 60;
const checkMilliseconds = 5_000;

/**
 * Opens a feedback log in a table of PostgreSQL, which is made where there is none. An append is committed, with `synchronous_commit` on, when it settles. Several servers may
 * write at once: their transactions run one after another, so that events become visible in the order of their sequence. Comes back by itself after a restart of the server.
 * @throws TaurecError `database-unreachable`, `database-login`, `database-failed`, `feedback-table`
 */
export async function openPostgresFeedback(place: PostgresPlace & { table: TableName }): Promise<FeedbackLog> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    ...postgresOptions(place),
    max: connections,
    query_timeout: (statementSeconds + 10) * 1000,
    allowExitOnIdle: true,
  });
  // An idle connection that breaks is replaced when it is needed.
  pool.on('error', () => {});
  const store = new PostgresStore(place, pool, pg.escapeLiteral(quotedTable(place.table)));
  try {
    await store.open();
  } catch (error) {
    await store.close();
    throw error;
  }
  return new StoredLog(place.shown, store);
}

class PostgresStore implements FeedbackStore {
  private readonly place: PostgresPlace & { table: TableName };
  private readonly pool: Pool;
  private readonly begin: string;

  constructor(place: PostgresPlace & { table: TableName }, pool: Pool, tableLiteral: string) {
    this.place = place;
    this.pool = pool;
    // One message. The lock makes the sequence follow the order of commits. The timeouts release it when the connection is lost.
    this.begin = [
      'BEGIN',
      `SET LOCAL statement_timeout = '${statementSeconds}s'`,
      `SET LOCAL idle_in_transaction_session_timeout = '${statementSeconds}s'`,
      "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'",
      `SELECT pg_advisory_xact_lock(hashtextextended('taurec feedback ' || ${tableLiteral}::regclass::oid, 0))`,
    ].join('; ');
  }

  open(): Promise<void> {
    return this.withClient((client) => ensureTable(client, this.place.shown, this.place.table));
  }

  write(appends: readonly (readonly FeedbackRow[])[]): Promise<number[]> {
    const rows = appends.flat();
    const columns = (['user', 'item', 'time', 'kind', 'weight', 'id'] as const).map((name) =>
      rows.map((row) => row[name]),
    );
    return this.withClient(async (client) => {
      await client.query(this.begin);
      const inserted = await client.query(insertion(this.place.table), columns);
      await this.commit(client);
      return countNew(appends, inserted.rows);
    });
  }

  async page(after: number, limit: number): Promise<StoredFeedback[]> {
    const sql = `SELECT ${feedbackColumns.join(', ')} FROM ${quotedTable(this.place.table)} WHERE sequence > $1 ORDER BY sequence LIMIT $2`;
    const { rows } = await this.withClient((client) => client.query(sql, [after, limit]));
    return rows.map(({ sequence, user_id: user, item_id: item, time, kind, weight, id }) => ({
      sequence: Number(sequence),
      ...{ user, item, time, kind, weight },
      ...(id !== null && { id }),
    }));
  }

  async check(): Promise<void> {
    const text = `SELECT 1 FROM ${quotedTable(this.place.table)} LIMIT 1`;
    await this.withClient((client) => client.query({ text, query_timeout: checkMilliseconds } as { text: string }));
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async commit(client: PoolClient): Promise<void> {
    try {
      await client.query('COMMIT');
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      const reason = 'the connection broke while events were committed, so they may be stored or not';
      const remedy = 'Send them again with ids: those that are stored are passed over.';
      throw new TaurecError('database-unreachable', { place: this.place.shown, reason, remedy }, { cause: error });
    }
  }

  /** Work on a connection. Where it had broken while it was idle, once more on the next: without a commit nothing was done. */
  private async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const client = await this.pool.connect().catch((error) => {
          throw postgresError(this.place.shown, error);
        });
        return await using(client, work);
      } catch (error) {
        const broken = !(error instanceof TaurecError) && isConnectionLost(error) && !isTimeout(error);
        if (attempt > connections || !broken) {
          throw postgresError(this.place.shown, error, `table ${quotedTable(this.place.table)}`);
        }
      }
    }
  }
}

async function using<T>(client: PoolClient, work: (client: PoolClient) => Promise<T>): Promise<T> {
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    // Closed, not put back: it may be broken, or inside a transaction, which ends with it.
    client.release(true);
    throw error;
  }
}

/** How many rows of each append were new: those without an id all are; of those with one the first in order is. */
function countNew(appends: readonly (readonly FeedbackRow[])[], inserted: readonly { id: string | null }[]): number[] {
  const fresh = new Set(inserted.map(({ id }) => id));
  return appends.map((rows) => rows.reduce((sum, { id }) => sum + (id === null || fresh.delete(id) ? 1 : 0), 0));
}

/**
 * Makes the table of a feedback log where there is none, and insists that one which is there has its columns and its unique id.
 * @throws TaurecError `feedback-table`, and the driver's errors
 */
async function ensureTable(client: ClientBase, place: string, table: TableName): Promise<void> {
  const name = quotedTable(table);
  // Making a table that exists takes a right that a server need not have: look first.
  const exists = async () => (await client.query('SELECT to_regclass($1) AS found', [name])).rows[0].found !== null;
  if (!(await exists())) {
    await client.query('BEGIN');
    // Two servers that start at once would both make it, and one would fail.
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('taurec feedback table', 0))");
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${name} (sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id text NOT NULL, item_id text NOT NULL, ` +
        `time double precision NOT NULL, kind text NOT NULL DEFAULT 'interaction', weight double precision NOT NULL DEFAULT 1, id text UNIQUE)`,
    );
    await client.query('COMMIT');
  }
  const bad = (problem: string): never => {
    throw new TaurecError('feedback-table', { place, table: table.name, problem });
  };
  const { fields } = await client.query(`SELECT * FROM ${name} LIMIT 0`);
  const missing = feedbackColumns.filter((column) => !fields.some((field) => field.name === column));
  if (missing.length > 0) bad(`it has no column ${missing.join(', ')}`);
  // No row, but every check of a real insertion: rights, columns, the unique id.
  await client.query(insertion(table), [[], [], [], [], [], []]).catch((error) => {
    if (error.code === '42P10') bad('its column id is not unique');
    throw error;
  });
}

/** Inserts columns given as arrays, in their order; ids of the rows that were new come back. */
function insertion(table: TableName): string {
  const [, ...columns] = feedbackColumns;
  return (
    `INSERT INTO ${quotedTable(table)} (${columns.join(', ')}) SELECT ${columns.join(', ')} ` +
    `FROM unnest($1::text[], $2::text[], $3::double precision[], $4::text[], $5::double precision[], $6::text[]) WITH ORDINALITY AS event (${columns.join(', ')}, place) ` +
    `ORDER BY place ON CONFLICT (id) DO NOTHING RETURNING id`
  );
}
