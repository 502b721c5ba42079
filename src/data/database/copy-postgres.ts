import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Client, FieldDef } from 'pg';
import { type PostgresPlace, quotedName, quotedTable } from './database-place.ts';
import { postgresError } from './postgres-error.ts';
import { postgresOptions } from './postgres-options.ts';

/** Type numbers of PostgreSQL's date, timestamp, timestamp with time zone. */
const dateTypes = new Set([1082, 1114, 1184]);

/**
 * Writes columns of a table or query to a CSV file with a header, in one transaction that may only read and sees one state of the database. Dates become
 * seconds since 1970 (without a time zone: UTC).
 * @param choose which columns, by position, of those there are
 * @returns the number of rows
 * @throws TaurecError `database-unreachable`, `database-login`, `database-failed`
 */
export async function copyPostgres(
  place: PostgresPlace,
  choose: (names: readonly string[]) => readonly number[],
  path: string,
): Promise<number> {
  const [{ default: pg }, { to: copyTo }] = await Promise.all([import('pg'), import('pg-copy-streams')]);
  const object = place.table ? `table ${quotedTable(place.table)}` : 'the query';
  try {
    const client = new pg.Client(postgresOptions(place));
    // A connection that breaks between two queries says so here; the next query fails with the same.
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const from = place.table ? `SELECT * FROM ${quotedTable(place.table)}` : place.query!;
      const fields = await fieldsOf(client, from);
      const chosen = choose(fields.map((field) => field.name));
      const all = fields.map((_, position) => quotedName(`c${position}`)).join(', ');
      const cells = chosen.map(
        (position) => `${cellOf(fields[position]!, position)} AS ${quotedName(fields[position]!.name)}`,
      );
      const sql = `COPY (WITH source (${all}) AS (\n${from}\n) SELECT ${cells.join(', ')} FROM source) TO STDOUT (FORMAT csv, HEADER)`;
      const rows = client.query(copyTo(sql));
      await pipeline(rows, createWriteStream(path));
      await client.query('COMMIT');
      return rows.rowCount;
    } finally {
      await client.end().catch(() => {});
    }
  } catch (error) {
    throw postgresError(place.shown, error, object);
  }
}

/** The columns of a SELECT. In the extended protocol, which takes one statement and no more. */
async function fieldsOf(client: Client, select: string): Promise<FieldDef[]> {
  const text = `SELECT * FROM (\n${select}\n) AS source LIMIT 0`;
  const { fields } = await client.query({ text, queryMode: 'extended' } as { text: string });
  return fields;
}

function cellOf({ dataTypeID }: FieldDef, position: number): string {
  const column = quotedName(`c${position}`);
  return dateTypes.has(dataTypeID) ? `extract(epoch FROM ${column})` : column;
}
