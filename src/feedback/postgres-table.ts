import type { ClientBase } from 'pg';
import { quotedTable, type TableName } from '../data/database/database-place.ts';
import { feedbackColumns } from '../data/database/feedback-columns.ts';
import { TaurecError } from '../errors.ts';

/**
 * Makes the table of a feedback log where there is none, and insists that one which is there has its columns and its unique id.
 * @throws TaurecError `feedback-table`, and the driver's errors
 */
export async function ensureTable(client: ClientBase, place: string, table: TableName): Promise<void> {
  const name = quotedTable(table);
  // Making a table that exists takes a right that a server need not have: look first.
  const exists = async () => (await client.query('SELECT to_regclass($1) AS found', [name])).rows[0].found !== null;
  if (!(await exists())) {
    await client.query('BEGIN');
    // Two servers that start at once would both make it, and one would fail.
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('taurec feedback table', 0))");
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${name} (sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id text NOT NULL, item_id text NOT NULL, ` +
        `time double precision NOT NULL, kind text NOT NULL DEFAULT 'interaction', weight double precision NOT NULL DEFAULT 1, id text UNIQUE)`,
    );
    await client.query('COMMIT');
  }
  const bad = (problem: string): never => {
    throw new TaurecError('feedback-table', { place, table: table.name, problem });
  };
  const { fields } = await client.query(`SELECT * FROM ${name} LIMIT 0`);
  const missing = feedbackColumns.filter((column) => !fields.some((field) => field.name === column));
  if (missing.length > 0) bad(`it has no column ${missing.join(', ')}`);
  // No row, but every check of a real insertion: rights, columns, the unique id.
  await client.query(insertion(table), [[], [], [], [], [], []]).catch((error) => {
    if (error.code === '42P10') bad('its column id is not unique');
    throw error;
  });
}

/** Inserts columns given as arrays, in their order; ids of the rows that were new come back. */
export function insertion(table: TableName): string {
  const [, ...columns] = feedbackColumns;
  return (
    `INSERT INTO ${quotedTable(table)} (${columns.join(', ')}) SELECT ${columns.join(', ')} ` +
    `FROM unnest($1::text[], $2::text[], $3::double precision[], $4::text[], $5::double precision[], $6::text[]) WITH ORDINALITY AS event (${columns.join(', ')}, place) ` +
    `ORDER BY place ON CONFLICT (id) DO NOTHING RETURNING id`
  );
}
