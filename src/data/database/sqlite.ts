import { createWriteStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { stringify } from 'csv-stringify/sync';
import { TaurecError } from '../../errors.ts';
import { quotedTable, type SqlitePlace } from './database-place.ts';
import { isLocalFault, localRemedy } from './local-fault.ts';

/** Rows per chunk of CSV text. */
const block = 2000;
/** Time to wait for a lock of another process. */
const lockMilliseconds = 10_000;

/**
 * Copies columns of a table or query to a CSV file with a header. The database is opened read-only; another process may write to it at the same time.
 * @param choose picks the columns to copy: gets the names of all columns, returns positions from 0
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
      if (!statement.reader) throw new Error('the query does not return rows');
      // As BigInt, ids beyond 2^53 stay exact.
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

/** The text of a cell: '' for NULL, hexadecimal digits for a BLOB. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array || value instanceof ArrayBuffer)
    return Buffer.from(value as Uint8Array).toString('hex');
  return String(value);
}

/** Converts an error of the SQLite driver to `database-failed`, with a reason and a remedy. A TaurecError passes through unchanged. */
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
  if (/SQLITE_(BUSY|LOCKED)/.test(code)) return 'Another process holds a lock on the database; stop it or try again.';
  if (/SQLITE_FULL/.test(code)) return 'Free some disk space.';
  if (/SQLITE_(READONLY|PERM)/.test(code)) return 'Check that this user may write to the file and its folder.';
  if (/SQLITE_(NOTADB|CORRUPT)/.test(code))
    return 'Check that the path is an SQLite database, or restore the file from a backup.';
  return 'Try the query with the sqlite3 command.';
}
