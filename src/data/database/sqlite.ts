import { createWriteStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { stringify } from 'csv-stringify/sync';
import { TaurecError } from '../../errors.ts';
import { quotedTable, type SqlitePlace } from './database-place.ts';
import { isLocalFault, localRemedy } from './local-fault.ts';

/** Rows turned into text at a time. */
const block = 2000;
/** Time that a lock of another process is waited for. */
const lockMilliseconds = 10_000;

/**
 * Writes columns of a table or query to a CSV file with a header. The database is opened for reading alone; another process may write to it meanwhile.
 * @param choose which columns, by position, of those there are
 * @returns the number of rows
 * @throws TaurecError `file-not-found`, `database-failed`
 */
export async function copySqlite(
  place: SqlitePlace,
  choose: (names: readonly string[]) => readonly number[],
  path: string,
): Promise<number> {
  if (!existsSync(place.path)) throw new TaurecError('file-not-found', { file: place.path });
  const { default: Database } = await import('libsql');
  try {
    const database = new Database(`${pathToFileURL(resolve(place.path)).href}?mode=ro`, { timeout: lockMilliseconds });
    try {
      database.exec('PRAGMA query_only = ON');
      const statement = database.prepare(place.table ? `SELECT * FROM ${quotedTable(place.table)}` : place.query!);
      if (!statement.reader) throw new Error('the query gives no rows');
      // Whole numbers beyond 2^53 stay exact.
      statement.raw(true).safeIntegers(true);
      const names = statement.columns().map((column) => column.name);
      const chosen = choose(names);
      let count = 0;
      async function* text() {
        yield stringify([chosen.map((position) => names[position])]);
        let rows: string[][] = [];
        for (const row of statement.iterate() as Iterable<unknown[]>) {
          rows.push(chosen.map((position) => cellText(row[position])));
          count++;
          if (rows.length < block) continue;
          yield stringify(rows);
          rows = [];
        }
        if (rows.length > 0) yield stringify(rows);
      }
      await pipeline(Readable.from(text()), createWriteStream(path));
      return count;
    } finally {
      database.close();
    }
  } catch (error) {
    throw sqliteError(place.shown, error);
  }
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array || value instanceof ArrayBuffer)
    return Buffer.from(value as Uint8Array).toString('hex');
  return String(value);
}

/** What SQLite's driver threw, in plain words and with a remedy: `database-failed`. A TaurecError goes through as it is. */
export function sqliteError(place: string, error: unknown): TaurecError {
  if (error instanceof TaurecError) return error;
  const { code = '', message } = error as Error & { code?: string };
  const inner = /^ConnectionFailed\("(.*)"\)$/s.exec(message)?.[1] ?? message;
  const reason = inner.split('\n', 1)[0]!.replace(/\.$/, '');
  const remedy = isLocalFault(error) ? localRemedy : remedyOf(code, reason);
  return new TaurecError('database-failed', { place, reason, remedy }, { cause: error });
}

function remedyOf(code: string, reason: string): string {
  if (/no such table/.test(reason)) return 'List the tables with .tables in the sqlite3 command.';
  if (/unable to open|CANTOPEN/i.test(reason))
    return 'Check that the folder exists and that this user may write to it.';
  if (/SQLITE_(BUSY|LOCKED)/.test(code)) return 'Another process keeps the database locked; end it, or try again.';
  if (/SQLITE_FULL/.test(code)) return 'Free some disk space.';
  if (/SQLITE_(READONLY|PERM)/.test(code)) return 'Check that this user may write to the file and its folder.';
  if (/SQLITE_(NOTADB|CORRUPT)/.test(code)) return 'Give the path of an SQLite database, or restore it from a copy.';
  return 'Try the query with the sqlite3 command.';
}
