/** The thread of an SQLite log: reaching the disk, and waiting for the lock of another process, takes as long as it takes, and must not hold up requests. */

import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { feedbackColumns } from '../data/database/database-place.ts';
import type { FeedbackRow, StoredFeedback } from './feedback-log.ts';

/** What the thread of an SQLite log is started with. */
export interface SqliteStart {
  readonly path: string;
  /** The table as SQL, and as text. */
  readonly table: string;
}

/** What it is asked to do, by name, with arguments and answers. */
export interface SqliteCalls {
  open: { arguments: []; answer: { problem?: string } };
  write: { arguments: [appends: readonly (readonly FeedbackRow[])[]]; answer: number[] };
  page: { arguments: [after: number, limit: number]; answer: StoredFeedback[] };
  check: { arguments: []; answer: undefined };
  close: { arguments: []; answer: undefined };
}

export interface SqliteRequest<Name extends keyof SqliteCalls = keyof SqliteCalls> {
  readonly call: number;
  readonly name: Name;
  readonly arguments: SqliteCalls[Name]['arguments'];
}

export interface SqliteReply {
  readonly call: number;
  readonly answer?: SqliteCalls[keyof SqliteCalls]['answer'];
  /** The driver's error: errors lose their code on the way between threads. */
  readonly error?: { readonly message: string; readonly code?: string };
}

/** Time that the lock of another process is waited for. */
const lockMilliseconds = 20_000;

const { path, table } = workerData as SqliteStart;
let database: Database.Database;
let insert: Database.Statement;
let select: Database.Statement;

const calls: { [Name in keyof SqliteCalls]: (...args: SqliteCalls[Name]['arguments']) => SqliteCalls[Name]['answer'] } =
  {
    open,
    write,
    page: (after, limit) => select.all(after, limit).map((row) => eventOf(row as unknown[])),
    check: () => void select.all(0, 1),
    close: () => void database.close(),
  };

function open(): { problem?: string } {
  database = new Database(path, { timeout: lockMilliseconds });
  const [mode] = database.prepare('PRAGMA journal_mode = WAL').raw(true).get() as [string];
  if (mode !== 'wal') throw new Error(`the journal mode is ${mode}, not WAL: the log needs a disk of this machine`);
  // FULL: every commit waits until the disk has it.
  database.exec('PRAGMA synchronous = FULL');
  inTransaction(() =>
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (sequence INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, item_id TEXT NOT NULL, time REAL NOT NULL, ` +
        `kind TEXT NOT NULL DEFAULT 'interaction', weight REAL NOT NULL DEFAULT 1, id TEXT UNIQUE) STRICT`,
    ),
  );
  const names = database
    .prepare(`SELECT * FROM ${table} LIMIT 0`)
    .columns()
    .map((column) => column.name);
  const missing = feedbackColumns.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    database.close();
    return { problem: `it has no column ${missing.join(', ')}` };
  }
  const [sequence, ...values] = feedbackColumns;
  insert = database.prepare(
    `INSERT INTO ${table} (${values.join(', ')}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  );
  select = database
    .prepare(`SELECT ${feedbackColumns.join(', ')} FROM ${table} WHERE ${sequence} > ? ORDER BY ${sequence} LIMIT ?`)
    .raw(true);
  return {};
}

function write(appends: readonly (readonly FeedbackRow[])[]): number[] {
  return inTransaction(() => appends.map((rows) => rows.reduce((fresh, row) => fresh + insertRow(row), 0)));
}

function insertRow({ user, item, time, kind, weight, id }: FeedbackRow): number {
  return insert.run(user, item, time, kind, weight, id).changes;
}

function inTransaction<T>(work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function eventOf([sequence, user, item, time, kind, weight, id]: unknown[]): StoredFeedback {
  return { sequence, user, item, time, kind, weight, ...(id !== null && { id }) } as StoredFeedback;
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
