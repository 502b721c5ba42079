/** The database thread of an SQLite log. Commits wait for the disk and for locks of other processes; in a separate thread this wait does not block requests. */

import { closeSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { feedbackColumns, listColumns } from '../data/database/database-place.ts';
import { eventOfRow, type FeedbackRow, rowValues, type StoredFeedback } from './feedback-log.ts';
import { type ItemEdit, type ItemState, itemColumns, stateOf, statesAfter, stateText } from './item-edits.ts';

/** Start values of the thread. */
export interface SqliteStart {
  readonly path: string;
  /** Name of the table, quoted for SQL. */
  readonly table: string;
  /** Name of the table's index by user and item, quoted for SQL. */
  readonly index: string;
  /** Name of the table's index by time, quoted for SQL. */
  readonly timeIndex: string;
  /** Name of the table of edited items, quoted for SQL. */
  readonly items: string;
}

/** The calls of the thread: arguments and answer of each. `open` answers with a problem when the table is not a feedback log. */
export interface SqliteCalls {
  open: { arguments: []; answer: { problem?: string } };
  write: { arguments: [appends: readonly (readonly FeedbackRow[])[]]; answer: number[] };
  page: { arguments: [after: number, limit: number]; answer: StoredFeedback[] };
  since: { arguments: [time: number, after: number, limit: number]; answer: StoredFeedback[] };
  find: { arguments: [user: string, item: string | undefined, limit: number]; answer: StoredFeedback[] };
  check: { arguments: []; answer: undefined };
  forget: { arguments: [user: string]; answer: number };
  editItems: { arguments: [edits: readonly ItemEdit[]]; answer: ItemState[] };
  itemStates: { arguments: [after: number, limit: number]; answer: ItemState[] };
  close: { arguments: []; answer: undefined };
}

/** A call, as it is posted to the thread. */
export interface SqliteRequest<Name extends keyof SqliteCalls = keyof SqliteCalls> {
  readonly call: number;
  readonly name: Name;
  readonly arguments: SqliteCalls[Name]['arguments'];
}

/** The answer to the call of that number, or the error. */
export interface SqliteReply {
  readonly call: number;
  readonly answer?: SqliteCalls[keyof SqliteCalls]['answer'];
  /** Message and code of the driver's error, as plain fields: a posted error loses its code. */
  readonly error?: { readonly message: string; readonly code?: string };
}

const columns = [...feedbackColumns, ...listColumns].join(', ');

/** Time to wait for a lock that another process holds. */
const lockMilliseconds = 20_000;

const { path, table, index, timeIndex, items } = workerData as SqliteStart;
let database: Database.Database;
let insert: Database.Statement;
let select: Database.Statement;

const calls: { [Name in keyof SqliteCalls]: (...args: SqliteCalls[Name]['arguments']) => SqliteCalls[Name]['answer'] } =
  {
    open,
    write,
    page: (after, limit) => select.all(after, limit).map((row) => eventOfRow(row as unknown[])),
    since,
    find,
    check,
    forget,
    editItems,
    itemStates,
    close: () => void database.close(),
  };

function open(): { problem?: string } {
  // People's behaviour is nobody else's to read: a new file is its user's alone. SQLite gives its companions (-wal, -shm) the same permissions.
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch {
    // SQLite meets the same fault below, and its errors have a remedy.
  }
  database = new Database(path, { timeout: lockMilliseconds });
  const [mode] = database.prepare('PRAGMA journal_mode = WAL').raw(true).get() as [string];
  if (mode !== 'wal') throw new Error(`the journal mode is ${mode}, not WAL; the log must be on a local disk`);
  // FULL: a commit returns once the disk has the data. With NORMAL a power failure could lose the last commits.
  database.exec('PRAGMA synchronous = FULL');
  inTransaction(() =>
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (sequence INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, item_id TEXT NOT NULL, time REAL NOT NULL, ` +
        `kind TEXT NOT NULL DEFAULT 'interaction', weight REAL NOT NULL DEFAULT 1, id TEXT UNIQUE, list_id TEXT, position INTEGER) STRICT`,
    ),
  );
  const namesOf = () =>
    database
      .prepare(`SELECT * FROM ${table} LIMIT 0`)
      .columns()
      .map((column) => column.name);
  const names = namesOf();
  const missing = feedbackColumns.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    database.close();
    return { problem: `it has no column ${missing.join(', ')}` };
  }
  const types = { list_id: 'TEXT', position: 'INTEGER' };
  inTransaction(() => {
    // Two processes may open an older table at once: the lock is held, so look again.
    const there = namesOf();
    for (const column of listColumns) {
      if (!there.includes(column)) database.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${types[column]}`);
    }
  });
  // The primary key ends every entry of an index: the events of a pair are found in their order.
  inTransaction(() => {
    database.exec(`CREATE INDEX IF NOT EXISTS ${index} ON ${table} (user_id, item_id)`);
    database.exec(`CREATE INDEX IF NOT EXISTS ${timeIndex} ON ${table} (time)`);
  });
  const [, ...values] = [...feedbackColumns, ...listColumns];
  insert = database.prepare(
    `INSERT INTO ${table} (${values.join(', ')}) VALUES (${values.map(() => '?').join(', ')}) ON CONFLICT (id) DO NOTHING`,
  );
  select = database.prepare(`SELECT ${columns} FROM ${table} WHERE sequence > ? ORDER BY sequence LIMIT ?`).raw(true);
  return {};
}

/** One transaction for all appends: none is stored unless all are. */
function write(appends: readonly (readonly FeedbackRow[])[]): number[] {
  return inTransaction(() => appends.map((rows) => rows.reduce((fresh, row) => fresh + insertRow(row), 0)));
}

/** The first events after a time and a sequence, in their order. */
function since(time: number, after: number, limit: number): StoredFeedback[] {
  const sql = `SELECT ${columns} FROM ${table} WHERE (time, sequence) > (?, ?) ORDER BY time, sequence LIMIT ?`;
  const rows = database.prepare(sql).raw(true).all(time, after, limit);
  return rows.map((row) => eventOfRow(row as unknown[]));
}

/** The newest events of a user, oldest first. */
function find(user: string, item: string | undefined, limit: number): StoredFeedback[] {
  const pair = item === undefined ? '' : 'AND item_id = ?';
  const sql = `SELECT ${columns} FROM ${table} WHERE user_id = ? ${pair} ORDER BY sequence DESC LIMIT ?`;
  const rows = database
    .prepare(sql)
    .raw(true)
    .all(...(item === undefined ? [user, limit] : [user, item, limit]));
  return rows.map((row) => eventOfRow(row as unknown[])).reverse();
}

/** Commits a change of the file's header, its user version, to the value that it has: a write that no reader sees. */
function check(): undefined {
  select.all(0, 1);
  const [version] = database.prepare('PRAGMA user_version').raw(true).get() as [number];
  database.exec(`PRAGMA user_version = ${Number(version)}`);
}

/** Deletes the rows of a user; overwrites them with zeros, and empties the write-ahead log, so that the file no longer holds their text. */
function forget(user: string): number {
  database.exec('PRAGMA secure_delete = ON');
  const { changes } = inTransaction(() => database.prepare(`DELETE FROM ${table} WHERE user_id = ?`).run(user));
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return changes;
}

/** Applies edits of items in one transaction. The table exists from the first edit on. */
function editItems(edits: readonly ItemEdit[]): ItemState[] {
  return inTransaction(() => {
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${items} (item_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL UNIQUE, state TEXT NOT NULL) STRICT`,
    );
    const find = database.prepare(`SELECT ${itemColumns.join(', ')} FROM ${items} WHERE item_id = ?`).raw(true);
    const before = new Map<string, ItemState>();
    for (const { item } of edits) {
      const row = find.get(item) as [string, number, string] | undefined;
      if (row) before.set(item, stateOf(...row));
    }
    const [last] = database.prepare(`SELECT coalesce(max(sequence), 0) FROM ${items}`).raw(true).get() as [number];
    const states = statesAfter(before, edits, last);
    const put = database.prepare(`INSERT OR REPLACE INTO ${items} (${itemColumns.join(', ')}) VALUES (?, ?, ?)`);
    for (const state of states) put.run(state.item, state.sequence, stateText(state));
    return states;
  });
}

function itemStates(after: number, limit: number): ItemState[] {
  const exists = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  if (!exists.get(items.slice(1, -1).replaceAll('""', '"'))) return [];
  const sql = `SELECT ${itemColumns.join(', ')} FROM ${items} WHERE sequence > ? ORDER BY sequence LIMIT ?`;
  const rows = database.prepare(sql).raw(true).all(after, limit) as [string, number, string][];
  return rows.map((row) => stateOf(...row));
}

/** 1 for a new row, 0 when its id is already stored. */
function insertRow(row: FeedbackRow): number {
  return insert.run(...rowValues(row)).changes;
}

function inTransaction<T>(work: () => T): T {
  // IMMEDIATE takes the write lock at once: upgrading a read lock later would fail instead of waiting when another process writes.
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite rolls back by itself after some errors, such as a full disk.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

parentPort!.on('message', ({ call, name, arguments: given }: SqliteRequest) => {
  parentPort!.postMessage(
    replyTo(call, () => (calls[name] as (...args: unknown[]) => SqliteReply['answer'])(...given)),
  );
});

function replyTo(call: number, work: () => SqliteReply['answer']): SqliteReply {
  try {
    return { call, answer: work() };
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return { call, error: { message, code } };
  }
}
