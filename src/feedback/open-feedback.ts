import { type DatabasePlace, databasePlace } from '../data/database/database-place.ts';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from './feedback-log.ts';

const forms = 'sqlite:PATH (or a path that ends in .db, .sqlite or .sqlite3) or postgres://USER@HOST/DATABASE';

/**
 * Opens a durable feedback log in a database table, and creates the table if it does not exist. The database is SQLite (`sqlite:PATH`, or a path that ends in .db, .sqlite or .sqlite3) or PostgreSQL
 * (`postgres://USER:PASSWORD@HOST/DATABASE`). `?table=NAME` names the table; the default is `feedback`. docs/databases.md describes the columns and the durability of events.
 * @throws TaurecError `bad-database-place`, `database-unreachable`, `database-login`, `database-failed`, `feedback-table` when the table exists with other columns
 */
export async function openFeedback(place: string): Promise<FeedbackLog> {
  const found = placeOf(place);
  if (found.query !== undefined) bad('a feedback log is a table, not a query');
  const table = found.table ?? { name: 'feedback' };
  if (found.kind === 'postgres') {
    const { openPostgresFeedback } = await import('./postgres-feedback.ts');
    return openPostgresFeedback({ ...found, table });
  }
  // Each driver is loaded only for the database that needs it.
  const { openSqliteFeedback } = await import('./sqlite-feedback.ts');
  return openSqliteFeedback({ ...found, table });
}

/** The place of a database that a text names; undefined for another text, such as the path of another file. @throws TaurecError `bad-database-place` for one with an error */
export function feedbackPlace(place: string): DatabasePlace | undefined {
  return databasePlace(withScheme(place));
}

function placeOf(place: string): DatabasePlace {
  return feedbackPlace(place) ?? bad(`got ${JSON.stringify(place)}`);
}

/** A bare path that ends in .db, .sqlite or .sqlite3 becomes `sqlite:PATH`; `^\w{2,}:` leaves URLs alone but not the drive letter of a Windows path. */
function withScheme(place: string): string {
  return /\.(db|sqlite3?)(\?table=.*)?$/is.test(place) && !/^\w{2,}:/.test(place) ? `sqlite:${place}` : place;
}

function bad(reason: string): never {
  throw new TaurecError('bad-database-place', { kind: 'feedback', reason, expected: forms });
}
