import { type DatabasePlace, databasePlace } from '../data/database/database-place.ts';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from './feedback-log.ts';

const forms = 'sqlite:PATH (or a path that ends in .db, .sqlite or .sqlite3) or postgres://USER@HOST/DATABASE';

/**
 * Opens a durable feedback log, and makes its table where there is none: in SQLite (`sqlite:PATH`, or a path that ends in .db, .sqlite or .sqlite3) or in PostgreSQL
 * (`postgres://USER:PASSWORD@HOST/DATABASE`). `?table=NAME` names the table, `feedback` by default. docs/databases.md says how the table looks and when events are on disk.
 * @throws TaurecError `bad-database-place`, `database-unreachable`, `database-login`, `database-failed`, `feedback-table` when the table is another
 */
export async function openFeedback(place: string): Promise<FeedbackLog> {
  const found = placeOf(place);
  if (found.query !== undefined) bad('a log is a table, not a query');
  const table = found.table ?? { name: 'feedback' };
  if (found.kind === 'postgres') {
    const { openPostgresFeedback } = await import('./postgres-feedback.ts');
    return openPostgresFeedback({ ...found, table });
  }
  const { openSqliteFeedback } = await import('./sqlite-feedback.ts');
  return openSqliteFeedback({ ...found, table });
}

function placeOf(place: string): DatabasePlace {
  const path = /\.(db|sqlite3?)(\?table=.*)?$/is.test(place) && !/^\w{2,}:/.test(place) ? `sqlite:${place}` : place;
  return databasePlace(path) ?? bad(`got ${JSON.stringify(place)}`);
}

function bad(reason: string): never {
  throw new TaurecError('bad-database-place', { kind: 'feedback', reason, expected: forms });
}
