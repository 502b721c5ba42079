import { join } from 'node:path';
import { TaurecError } from '../../errors.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../platform/temporary-folder.ts';
import { type DatabasePlace, placeForms } from './database-place.ts';
import { copyPostgres } from './postgres.ts';
import { copySqlite } from './sqlite.ts';

/**
 * Copies columns of a table or query to a temporary CSV file with a header, calls `use` to read the file, and removes it. So the rules and checks for files apply
 * to databases too. Errors name the place and its rows instead of the file and its lines.
 * @param choose picks the columns to copy: gets the names of all columns, returns positions from 0
 * @throws TaurecError `bad-database-place`, `empty-data`, and what `copyPostgres`, `copySqlite` and `use` throw
 */
export async function withDatabaseFile<T>(
  place: DatabasePlace,
  choose: (names: readonly string[]) => readonly number[],
  use: (file: string) => Promise<T>,
): Promise<T> {
  if (!place.table && !place.query) {
    const reason = `${place.shown} names neither a table nor a query`;
    throw new TaurecError('bad-database-place', { kind: 'database', reason, expected: placeForms });
  }
  const folder = await temporaryFolder();
  const file = join(folder, place.label);
  try {
    const rows =
      place.kind === 'postgres' ? await copyPostgres(place, choose, file) : await copySqlite(place, choose, file);
    if (rows === 0) throw new TaurecError('empty-data', { file: place.shown, reason: 'it has no rows' });
    return await use(file);
  } catch (error) {
    throw inTable(error, file, place.shown);
  } finally {
    await removeTemporaryFolder(folder);
  }
}

/** Turns an error about the temporary file into one about the database place; other errors pass through. */
function inTable(error: unknown, file: string, place: string): unknown {
  if (!(error instanceof TaurecError) || error.facts.file !== file) return error;
  const { line } = error.facts;
  // Line 1 of the file is its header, so line n is row n − 1 of the table.
  const row = typeof line === 'number' ? { line: line - 1, unit: 'row' } : {};
  return new TaurecError(error.code, { ...error.facts, file: place, ...row }, { cause: error.cause });
}
