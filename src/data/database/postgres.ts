import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Client, ClientConfig, FieldDef } from 'pg';
import { TaurecError } from '../../errors.ts';
import { type PostgresPlace, quotedName, quotedTable } from './database-place.ts';
import { isLocalFault, localRemedy } from './local-fault.ts';

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

/** What the driver throws: a server's answer has a five-character SQLSTATE as its code, the network's errors have Node's codes. */
type DriverError = Error & { code?: string; severity?: string; errors?: Error[] };

/** Loss of connection, or a server that is going down or coming up: trying again may help. */
export function isConnectionLost(error: unknown): boolean {
  const { code = '', message = '', severity } = error as DriverError;
  if (/^(08...|57P0[1-3]|53300)$/.test(code)) return true;
  // Words of the server's own answers mean nothing here: a query may be "unterminated", too.
  if (severity !== undefined || isLocalFault(error)) return false;
  if (/^E[A-Z_]{4,}$/.test(code)) return true;
  return /terminated|timeout|not queryable|connection (error|ended)/i.test(message);
}

/** The client waited for an answer as long as it may. */
export function isTimeout(error: unknown): boolean {
  return /timeout/i.test((error as Error).message);
}

/**
 * What the driver threw, in plain words and with a remedy: `database-unreachable`, `database-login`, `database-failed`. The driver's error is no cause of it
 * where it concerns the login, so that nothing of the login is kept. A TaurecError goes through as it is.
 * @param object what was asked for, for the remedy: `table "ratings"`, `the query`
 */
export function postgresError(place: string, error: unknown, object = 'the table'): TaurecError {
  if (error instanceof TaurecError) return error;
  const { code = '', errors } = error as DriverError;
  const reason = wordsOf((errors?.[0] ?? error) as DriverError);
  if (/^28/.test(code) || /password must be|SASL/i.test(reason)) {
    const missing = /password must be a string/i.test(reason) ? 'it asks for a password and none was given' : reason;
    return new TaurecError('database-login', { place, reason: missing });
  }
  if (isConnectionLost(errors?.[0] ?? error)) {
    const remedy = 'Check the host and port, that the server runs, and that it accepts connections from this machine.';
    return new TaurecError('database-unreachable', { place, reason, remedy }, { cause: error });
  }
  return new TaurecError(
    'database-failed',
    { place, reason, remedy: isLocalFault(error) ? localRemedy : remedyOf(code, object) },
    { cause: error },
  );
}

function wordsOf({ code, message }: DriverError): string {
  if (code === 'ECONNREFUSED') return `nothing listens there (${message})`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `there is no such host (${message})`;
  return message.split('\n', 1)[0]!.replace(/\.$/, '');
}

function remedyOf(code: string, object: string): string {
  if (code === '3D000') return 'Create it with createdb, or correct the name behind the host.';
  if (code === '42P01' || code === '3F000') {
    return 'Names are case-sensitive; write a schema as SCHEMA.NAME. psql lists tables with \\dt *.*';
  }
  if (code === '42501')
    return `Let the owner grant it: GRANT SELECT ON ${object.replace(/^table /, '')} TO the user; a feedback log needs INSERT too, and CREATE on the schema when its table is missing.`;
  if (code === '25006') return 'Use a query that only reads.';
  if (code.startsWith('42')) return 'Correct the query; psql shows where it fails.';
  if (code === '57014') return 'Raise statement_timeout, or ask for less.';
  if (code.startsWith('53')) return 'Free disk space, memory or connections of the server.';
  return 'See the log of the server for details.';
}

/** Time that a connection may take to come about. */
const connectMilliseconds = 10_000;

/** How the driver reaches a place. What the URL leaves out comes from PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD and ~/.pgpass. */
export function postgresOptions(place: PostgresPlace): ClientConfig {
  return {
    connectionString: place.url,
    application_name: 'taurec',
    connectionTimeoutMillis: connectMilliseconds,
    keepAlive: true,
  };
}
