import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Client, ClientConfig, FieldDef } from 'pg';
import { TaurecError } from '../../errors.ts';
import { type PostgresPlace, quotedName, quotedTable } from './database-place.ts';
import { isLocalFault, localRemedy } from './local-fault.ts';

/** OIDs of PostgreSQL's types date, timestamp and timestamp with time zone. */
const dateTypes = new Set([1082, 1114, 1184]);

/**
 * Copies columns of a table or query to a CSV file with a header, in one read-only transaction with a consistent snapshot of the database. Dates become
 * seconds since 1970; a date without a time zone is UTC.
 * @param choose picks the columns to copy: gets the names of all columns, returns positions from 0
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
    // A connection that breaks between two queries emits 'error', which would end the process without a listener. The next query reports it.
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const from = place.table ? `SELECT * FROM ${quotedTable(place.table)}` : place.query!;
      const fields = await fieldsOf(client, from);
      const chosen = choose(fields.map((field) => field.name));
      // The query's columns are renamed c0, c1, …: two of them may have the same name.
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

/** The columns of a SELECT. The extended protocol rejects a text with more than one statement, so a query cannot contain a second one. */
async function fieldsOf(client: Client, select: string): Promise<FieldDef[]> {
  const text = `SELECT * FROM (\n${select}\n) AS source LIMIT 0`;
  const { fields } = await client.query({ text, queryMode: 'extended' } as { text: string });
  return fields;
}

/** The SQL expression of a column: seconds since 1970 for dates, the column itself otherwise. */
function cellOf({ dataTypeID }: FieldDef, position: number): string {
  const column = quotedName(`c${position}`);
  return dateTypes.has(dataTypeID) ? `extract(epoch FROM ${column})` : column;
}

/** An error of the driver. Errors of the server have a five-character SQLSTATE as their code and a severity, those of the network have Node's codes. */
type DriverError = Error & { code?: string; severity?: string; errors?: Error[] };

/** True when the connection is lost, or the server is shutting down, starting or full: a retry may succeed. */
export function isConnectionLost(error: unknown): boolean {
  const { code = '', message = '', severity } = error as DriverError;
  // SQLSTATE 08: connection exceptions; 57P01–57P03: shutdown, crash, starting up; 53300: too many connections.
  if (/^(08...|57P0[1-3]|53300)$/.test(code)) return true;
  // The message decides only for errors of the driver: a server may complain of an "unterminated" string in a query.
  if (severity !== undefined || isLocalFault(error)) return false;
  if (/^E[A-Z_]{4,}$/.test(code)) return true;
  return /terminated|timeout|not queryable|connection (error|ended)/i.test(message);
}

/** True when the client gave up waiting for an answer. */
export function isTimeout(error: unknown): boolean {
  return /timeout/i.test((error as Error).message);
}

/**
 * Converts an error of the driver to `database-unreachable`, `database-login` or `database-failed`, with a reason and a remedy. An error of the login does not keep
 * the driver's error as its cause, so that no part of the login is kept. A TaurecError passes through unchanged.
 * @param object the requested object, for the remedy: `table "ratings"`, `the query`
 */
export function postgresError(place: string, error: unknown, object = 'the table'): TaurecError {
  if (error instanceof TaurecError) return error;
  const { code = '', errors } = error as DriverError;
  const reason = wordsOf((errors?.[0] ?? error) as DriverError);
  if (/^28/.test(code) || /password must be|SASL/i.test(reason)) {
    const missing = /password must be a string/i.test(reason)
      ? 'the server requires a password and none was given'
      : reason;
    return new TaurecError('database-login', { place, reason: missing });
  }
  if (isConnectionLost(errors?.[0] ?? error)) {
    const remedy = 'Check the host and port, and that the server is running and accepts connections from this machine.';
    return new TaurecError('database-unreachable', { place, reason, remedy }, { cause: error });
  }
  return new TaurecError(
    'database-failed',
    { place, reason, remedy: isLocalFault(error) ? localRemedy : remedyOf(code, object) },
    { cause: error },
  );
}

/** The driver's message in one line without a full stop; frequent network errors in plain words. */
function wordsOf({ code, message }: DriverError): string {
  if (code === 'ECONNREFUSED') return `no server is listening there (${message})`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host name is unknown (${message})`;
  return message.split('\n', 1)[0]!.replace(/\.$/, '');
}

/** A remedy by SQLSTATE. */
function remedyOf(code: string, object: string): string {
  if (code === '3D000') return 'Create the database with createdb, or correct its name in the URL.';
  if (code === '42P01' || code === '3F000') {
    return 'Names are case-sensitive; write a schema as SCHEMA.NAME. psql lists tables with \\dt *.*';
  }
  if (code === '42501')
    return `Ask the owner to run GRANT SELECT ON ${object.replace(/^table /, '')} TO this user; a feedback log also needs INSERT, and CREATE on the schema if its table does not exist yet.`;
  if (code === '25006') return 'Use a read-only query.';
  if (code.startsWith('42')) return 'Correct the query; psql shows where it fails.';
  if (code === '57014') return 'Raise statement_timeout, or select fewer rows.';
  if (code.startsWith('53')) return 'Free disk space, memory or connections on the server.';
  return 'See the server log for details.';
}

/** Time limit for opening a connection. */
const connectMilliseconds = 10_000;

/** Connection options for the driver. Parts missing from the URL come from PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD and ~/.pgpass. */
export function postgresOptions(place: PostgresPlace): ClientConfig {
  return {
    connectionString: place.url,
    application_name: 'taurec',
    connectionTimeoutMillis: connectMilliseconds,
    keepAlive: true,
  };
}
