import type { ClientBase, Pool, PoolClient } from 'pg';
import {
  feedbackColumns,
  listColumns,
  type PostgresPlace,
  quotedTable,
  type TableName,
} from '../data/database/database-place.ts';
import { isConnectionLost, isTimeout, postgresError, postgresOptions } from '../data/database/postgres.ts';
import { TaurecError } from '../errors.ts';
import {
  eventOfRow,
  type FeedbackLog,
  type FeedbackRow,
  type FeedbackStore,
  rowValues,
  type StoredFeedback,
} from './feedback-log.ts';
import { type ItemEdit, type ItemState, itemColumns, stateOf, statesAfter, stateText } from './item-edits.ts';
import { StoredLog } from './stored-log.ts';

/** Size of the pool: one connection writes, the others read and check. */
const connections = 4;
/** Time limit of a statement on the server, in seconds. The client waits 10 s longer, so that it only gives up by itself when the server is unreachable. */
const statementSeconds = 60;
/** Time limit of a health check. */
const checkMilliseconds = 5_000;

/**
 * Opens a feedback log in a PostgreSQL table, and creates the table if it does not exist. An append resolves after its commit, with `synchronous_commit` on. Several servers can
 * write to one table: a lock runs their transactions one after another, so events become visible in the order of their sequence. The log reconnects after a restart of the database.
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
  // The pool replaces a broken idle connection on the next request. Without a listener its error would end the process.
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
    // The statements are one message, so beginning costs one round trip. Sequence numbers are drawn before the commit: without the lock a later number could become
    // visible first, and a reader that pages by sequence would miss the earlier one. The timeouts release the lock when the connection is lost.
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
    // One array for each column: the statement stays the same for any number of rows.
    const rows = appends.flat().map(rowValues);
    const columns = insertedColumns.map((_, at) => rows.map((row) => row[at]));
    return this.withClient(async (client) => {
      await client.query(this.begin);
      const inserted = await client.query(insertion(this.place.table), columns);
      await this.commit(client);
      return countNew(appends, inserted.rows);
    });
  }

  page(after: number, limit: number): Promise<StoredFeedback[]> {
    return this.select('WHERE sequence > $1 ORDER BY sequence LIMIT $2', [after, limit]);
  }

  since(time: number, after: number, limit: number): Promise<StoredFeedback[]> {
    return this.select('WHERE (time, sequence) > ($1, $2) ORDER BY time, sequence LIMIT $3', [time, after, limit]);
  }

  async find(user: string, item: string | undefined, limit: number): Promise<StoredFeedback[]> {
    const ofItem = item === undefined ? '' : `AND ${digestOf('item_id')} = ${digestOf('$3')} AND item_id = $3`;
    const events = await this.select(
      `WHERE ${digestOf('user_id')} = ${digestOf('$1')} AND user_id = $1 ${ofItem} ORDER BY sequence DESC LIMIT $2`,
      item === undefined ? [user, limit] : [user, limit, item],
    );
    return events.reverse();
  }

  private async select(where: string, values: readonly unknown[]): Promise<StoredFeedback[]> {
    const text = `SELECT ${[...feedbackColumns, ...listColumns].join(', ')} FROM ${quotedTable(this.place.table)} ${where}`;
    const { rows } = await this.withClient((client) =>
      client.query<unknown[]>({ text, values: [...values], rowMode: 'array' }),
    );
    return rows.map(eventOfRow);
  }

  async check(): Promise<void> {
    // A temporary insertion runs the checks of a real one (rights, a read-only server, a full disk); the rollback leaves a gap in the sequence.
    const row = [['taurec check'], ['taurec check'], [0], ['check'], [1], [null], [null], [null]];
    await this.withClient(async (client) => {
      await client.query({ text: 'BEGIN', query_timeout: checkMilliseconds } as { text: string });
      await client.query({ text: insertion(this.place.table), values: row, query_timeout: checkMilliseconds } as {
        text: string;
      });
      await client.query('ROLLBACK');
    });
  }

  async forget(user: string): Promise<number> {
    const sql = `DELETE FROM ${quotedTable(this.place.table)} WHERE user_id = $1`;
    const { rowCount } = await this.withClient((client) => client.query(sql, [user]));
    return rowCount ?? 0;
  }

  editItems(edits: readonly ItemEdit[]): Promise<ItemState[]> {
    return this.withClient(async (client) => {
      // The lock of the appends runs edits one after another too: their sequence is that of their commits.
      await client.query(this.begin);
      if (!(await this.hasItems(client)))
        await client.query(
          `CREATE TABLE IF NOT EXISTS ${this.items} (item_id text PRIMARY KEY, sequence bigint NOT NULL UNIQUE, state text NOT NULL)`,
        );
      const columns = itemColumns.join(', ');
      const ids = edits.map(({ item }) => item);
      const { rows } = await client.query(`SELECT ${columns} FROM ${this.items} WHERE item_id = ANY($1)`, [ids]);
      const before = new Map(rows.map((row) => [row.item_id, stateOf(row.item_id, Number(row.sequence), row.state)]));
      const last = await client.query(`SELECT coalesce(max(sequence), 0) AS last FROM ${this.items}`);
      const states = statesAfter(before, edits, Number(last.rows[0].last));
      await client.query(
        `INSERT INTO ${this.items} (${columns}) SELECT ${columns} FROM unnest($1::text[], $2::bigint[], $3::text[]) AS edit (${columns}) ` +
          'ON CONFLICT (item_id) DO UPDATE SET sequence = excluded.sequence, state = excluded.state',
        [states.map(({ item }) => item), states.map(({ sequence }) => sequence), states.map(stateText)],
      );
      await this.commit(client);
      return states;
    });
  }

  itemStates(after: number, limit: number): Promise<ItemState[]> {
    return this.withClient(async (client) => {
      if (!(await this.hasItems(client))) return [];
      const sql = `SELECT ${itemColumns.join(', ')} FROM ${this.items} WHERE sequence > $1 ORDER BY sequence LIMIT $2`;
      const { rows } = await client.query(sql, [after, limit]);
      return rows.map((row) => stateOf(row.item_id, Number(row.sequence), row.state));
    });
  }

  /** Whether the table of edited items exists: it does from the first edit on. */
  private async hasItems(client: ClientBase): Promise<boolean> {
    const { rows } = await client.query('SELECT to_regclass($1) AS found', [this.items]);
    return rows[0].found !== null;
  }

  /** The table of edited items as SQL. */
  private get items(): string {
    const { table } = this.place;
    return quotedTable({ ...table, name: `${table.name}_items` });
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async commit(client: PoolClient): Promise<void> {
    try {
      await client.query('COMMIT');
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      const reason = 'the connection broke during the commit, so the events may or may not be stored';
      const remedy = 'Send them again with ids: events that are already stored are skipped.';
      throw new TaurecError('database-unreachable', { place: this.place.shown, reason, remedy }, { cause: error });
    }
  }

  /** Runs work on a connection. If the connection broke while idle, runs it again on the next one, at most once for each connection: without a commit nothing was stored. */
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
    // Close the connection instead of returning it to the pool: it may be broken, or inside a transaction, which closing rolls back.
    client.release(true);
    throw error;
  }
}

/** The number of new rows of each append. A row without an id is always new. Of several rows with one id the first is new, if the statement inserted that id. */
function countNew(appends: readonly (readonly FeedbackRow[])[], inserted: readonly { id: string | null }[]): number[] {
  // `delete` returns true only once for an id, so a repetition within the batch counts as known.
  const fresh = new Set(inserted.map(({ id }) => id));
  return appends.map((rows) => rows.reduce((sum, { id }) => sum + (id === null || fresh.delete(id) ? 1 : 0), 0));
}

/**
 * Creates the table of a feedback log if it does not exist. Checks that an existing table has the columns of a log and a unique id.
 * @throws TaurecError `feedback-table`, and the driver's errors
 */
async function ensureTable(client: ClientBase, place: string, table: TableName): Promise<void> {
  const name = quotedTable(table);
  // `CREATE TABLE IF NOT EXISTS` requires the right to create tables even when the table exists, so look first.
  const exists = async () => (await client.query('SELECT to_regclass($1) AS found', [name])).rows[0].found !== null;
  if (!(await exists())) {
    await client.query('BEGIN');
    // Without this lock two servers that start together would both create the table, and one would fail.
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('taurec feedback table', 0))");
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${name} (sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id text NOT NULL, item_id text NOT NULL, ` +
        `time double precision NOT NULL, kind text NOT NULL DEFAULT 'interaction', weight double precision NOT NULL DEFAULT 1, id text UNIQUE, ` +
        'list_id text, position integer)',
    );
    await client.query('COMMIT');
  }
  const bad = (problem: string): never => {
    throw new TaurecError('feedback-table', { place, table: table.name, problem });
  };
  const { fields } = await client.query(`SELECT * FROM ${name} LIMIT 0`);
  const missing = feedbackColumns.filter((column) => !fields.some((field) => field.name === column));
  if (missing.length > 0) bad(`it has no column ${missing.join(', ')}`);
  if (listColumns.some((column) => !fields.some((field) => field.name === column))) {
    // A table of an older version.
    const added = 'ADD COLUMN IF NOT EXISTS list_id text, ADD COLUMN IF NOT EXISTS position integer';
    await client.query(`ALTER TABLE ${name} ${added}`).catch((error) => {
      // insufficient_privilege: only the owner of a table may add columns.
      if (error.code === '42501')
        bad(`it has no column ${listColumns.join(', ')}; its owner must run: ALTER TABLE ${name} ${added}`);
      throw error;
    });
  }
  await ensureIndex(client, table, 'user_item', `${digestOf('user_id')}, ${digestOf('item_id')}, sequence`);
  await ensureIndex(client, table, 'time', 'time, sequence');
  // Inserting zero rows runs every check of a real insertion: rights, columns, types, the unique id.
  // Code 42P10: ON CONFLICT (id) found no unique index on id.
  await client
    .query(
      insertion(table),
      insertedColumns.map(() => []),
    )
    .catch((error) => {
      if (error.code === '42P10') bad('its column id is not unique');
      throw error;
    });
}

/** Digest of a text, which the index holds in its place: PostgreSQL indexes values of at most 2704 bytes. */
function digestOf(text: string): string {
  return `hashtextextended(${text}::text, 0)`;
}

/** Time limit for building the index of an existing table. */
const indexMilliseconds = 600_000;

/** Creates an index of the table if it does not exist. Only the owner of a table may do so; without it events are found by reading the whole table. */
async function ensureIndex(client: ClientBase, table: TableName, suffix: string, keys: string): Promise<void> {
  const name = `${table.name}_${suffix}`;
  const { rows } = await client.query('SELECT to_regclass($1) AS found', [quotedTable({ ...table, name })]);
  if (rows[0].found !== null) return;
  const text = `CREATE INDEX IF NOT EXISTS ${quotedTable({ name })} ON ${quotedTable(table)} (${keys})`;
  await client.query('BEGIN');
  try {
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('taurec feedback table', 0))");
    await client.query({ text, query_timeout: indexMilliseconds } as { text: string });
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    // insufficient_privilege
    if ((error as { code?: string }).code !== '42501') throw error;
  }
}

/** The columns of a new row, in the order of `rowValues`; the database draws the sequence. */
const [, ...insertedColumns] = [...feedbackColumns, ...listColumns];

/** The statement that inserts rows given as arrays, one for each column. It inserts in the order of the arrays and returns the ids of the new rows. */
function insertion(table: TableName): string {
  const columns = insertedColumns.join(', ');
  const arrays = ['text', 'text', 'double precision', 'text', 'double precision', 'text', 'text', 'integer']
    .map((type, at) => `$${at + 1}::${type}[]`)
    .join(', ');
  return (
    `INSERT INTO ${quotedTable(table)} (${columns}) SELECT ${columns} FROM unnest(${arrays}) WITH ORDINALITY AS event (${columns}, place) ` +
    `ORDER BY place ON CONFLICT (id) DO NOTHING RETURNING id`
  );
}
