import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { quotedTable, type SqlitePlace, type TableName } from '../data/database/database-place.ts';
import { sqliteError } from '../data/database/sqlite.ts';
import { TaurecError } from '../errors.ts';
import { workerFlags } from '../platform/worker-flags.ts';
import type { FeedbackLog } from './feedback-log.ts';
import type { SqliteCalls, SqliteReply, SqliteRequest, SqliteStart } from './sqlite-worker.ts';
import { StoredLog } from './stored-log.ts';

/**
 * Opens a feedback log in an SQLite file, and creates the file if it does not exist; its folder must exist. An append resolves once its events are on disk (WAL, synchronous = FULL).
 * Several processes of one machine can write and read at the same time.
 * @throws TaurecError `database-failed`, `feedback-table`
 */
export async function openSqliteFeedback(place: SqlitePlace & { table: TableName }): Promise<FeedbackLog> {
  const beside = (name: string) => quotedTable({ name: `${place.table.name}_${name}` });
  const start = {
    path: resolve(place.path),
    table: quotedTable(place.table),
    index: beside('user_item'),
    timeIndex: beside('time'),
    items: beside('items'),
  };
  const thread = new SqliteThread(place.shown, start);
  try {
    const { problem } = await thread.ask('open');
    if (problem) throw new TaurecError('feedback-table', { place: place.shown, table: place.table.name, problem });
  } catch (error) {
    await thread.end();
    throw error;
  }
  return new StoredLog(place.shown, {
    write: (appends) => thread.ask('write', appends),
    page: (after, limit) => thread.ask('page', after, limit),
    since: (time, after, limit) => thread.ask('since', time, after, limit),
    find: (user, item, limit) => thread.ask('find', user, item, limit),
    check: () => thread.ask('check'),
    forget: (user) => thread.ask('forget', user),
    editItems: (edits) => thread.ask('editItems', edits),
    itemStates: (after, limit) => thread.ask('itemStates', after, limit),
    close: () => thread.ask('close').finally(() => thread.end()),
  });
}

/** The promise of a call that the thread has not answered yet. */
interface Asked {
  settle(answer: unknown): void;
  fail(error: unknown): void;
}

/** The database thread and its unanswered calls. The thread keeps the process alive only while a call is unanswered. */
class SqliteThread {
  private readonly place: string;
  private readonly worker: Worker;
  private readonly asked = new Map<number, Asked>();
  /** Number of the last call. Answers carry the number of their call. */
  private calls = 0;
  /** Why the thread ended: the error of every later call. */
  private broken: TaurecError | undefined;

  constructor(place: string, start: SqliteStart) {
    this.place = place;
    this.worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), {
      workerData: start,
      name: 'taurec-feedback',
      execArgv: workerFlags(),
    });
    this.worker.on('message', (reply: SqliteReply) => this.answer(reply));
    this.worker.on('error', (error) => this.break(error));
    this.worker.on('exit', (code) => this.break(new Error(`its thread ended with exit code ${code}`)));
    this.worker.unref();
  }

  /** Sends a call to the thread. Resolves with its answer, rejects with the error of the database or of the thread. */
  ask<Name extends keyof SqliteCalls>(
    name: Name,
    ...given: SqliteCalls[Name]['arguments']
  ): Promise<SqliteCalls[Name]['answer']> {
    if (this.broken) return Promise.reject(this.broken);
    const call = ++this.calls;
    return new Promise((settle, fail) => {
      this.asked.set(call, { settle, fail } as Asked);
      this.worker.ref();
      this.worker.postMessage({ call, name, arguments: given } satisfies SqliteRequest<Name>);
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private answer({ call, answer, error }: SqliteReply): void {
    const { settle, fail } = this.asked.get(call)!;
    this.asked.delete(call);
    if (this.asked.size === 0) this.worker.unref();
    if (error) fail(sqliteError(this.place, Object.assign(new Error(error.message), { code: error.code })));
    else settle(answer);
  }

  /** Fails all unanswered calls. An error of the thread is followed by its exit: the first reason stays. */
  private break(error: Error): void {
    this.broken ??= sqliteError(this.place, error);
    for (const { fail } of this.asked.values()) fail(this.broken);
    this.asked.clear();
  }
}
