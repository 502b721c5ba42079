import { TaurecError } from '../../errors.ts';
import { isLocalFault, localRemedy } from './local-fault.ts';

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
  if (/no such table/.test(reason)) return 'The command sqlite3 lists tables with .tables';
  if (/unable to open|CANTOPEN/i.test(reason))
    return 'Check that the folder exists and that this user may write to it.';
  if (/SQLITE_(BUSY|LOCKED)/.test(code)) return 'Another process keeps the database locked; end it, or try again.';
  if (/SQLITE_FULL/.test(code)) return 'Free some disk space.';
  if (/SQLITE_(READONLY|PERM)/.test(code)) return 'Check that this user may write to the file and its folder.';
  if (/SQLITE_(NOTADB|CORRUPT)/.test(code)) return 'Give the path of an SQLite database, or restore it from a copy.';
  return 'SQLite said so; try the query in the command sqlite3.';
}
