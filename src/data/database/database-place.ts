import { TaurecError } from '../../errors.ts';

/** A database table: an optional schema and a name. Names are case-sensitive, and SQL always quotes them. */
export interface TableName {
  readonly schema?: string;
  readonly name: string;
}

interface Place {
  /** The place for messages and records, without the password. */
  readonly shown: string;
  /** A short name that is safe as a file name: that of the table, else of the database. */
  readonly label: string;
  readonly table?: TableName;
  /** The user's SQL query, a SELECT without a semicolon at its end. */
  readonly query?: string;
}

export interface PostgresPlace extends Place {
  readonly kind: 'postgres';
  /** The URL for the driver, with the password and without the parameters `table` and `query`. */
  readonly url: string;
}

export interface SqlitePlace extends Place {
  readonly kind: 'sqlite';
  readonly path: string;
}

export type DatabasePlace = PostgresPlace | SqlitePlace;

/** The accepted forms of a place, for error messages. */
export const placeForms = 'postgres://USER@HOST/DATABASE?table=NAME or sqlite:PATH?table=NAME';

/**
 * Parses the place of a table or query: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?table=SCHEMA.NAME` (or `?query=SELECT …`; `postgresql://` too), or
 * `sqlite:PATH?table=NAME`. Undefined for a source with another beginning: that is a file.
 * @throws TaurecError `bad-database-place`, which does not show the place: in a malformed URL any part may be the password
 */
export function databasePlace(source: string): DatabasePlace | undefined {
  if (/^postgres(ql)?:/i.test(source)) return postgresPlace(source);
  if (/^sqlite:/i.test(source)) return sqlitePlace(source);
  return undefined;
}

function postgresPlace(source: string): PostgresPlace {
  const bad = (reason: string): never => {
    throw new TaurecError('bad-database-place', { kind: 'PostgreSQL', reason, expected: placeForms });
  };
  // URL's own error contains the whole text with the password, so it must not become the cause of ours.
  // URL drops tabs and line ends, but they separate words of a query and end its comments: escape them first.
  const text = source.replace(/[\t\r\n]/g, encodeURIComponent);
  const url = URL.canParse(text) ? new URL(text) : bad('it is not a URL');
  if (url.hash !== '') bad('it has an unescaped #');
  if (url.pathname.includes('@')) bad('it has an unescaped @ after the host');
  const database = decoded(url.pathname.slice(1)) ?? bad('its database name has an unescaped %');
  const user = decoded(url.username) ?? bad('its user name has an unescaped %');
  if (decoded(url.password) === undefined) bad('its password has an unescaped %');
  const { table, query, asked } = selection(url.searchParams, 'PostgreSQL');
  for (const name of ['table', 'query']) url.searchParams.delete(name);
  // The driver takes a missing user name from PGUSER or the system user; messages show the same name.
  const environment = globalThis.process?.env ?? {};
  const who = user || environment.PGUSER || environment.USER || '';
  return {
    kind: 'postgres',
    url: url.href,
    shown: `postgres://${who && `${who}@`}${url.host}/${database}${asked}`,
    label: labelOf(table?.name ?? database),
    table,
    query,
  };
}

function sqlitePlace(source: string): SqlitePlace {
  const [, path = '', parameters = ''] = /^sqlite:(.*?)(?:\?((?:table|query)=.*))?$/is.exec(source)!;
  if (path === '' || path === ':memory:') {
    const reason = path === '' ? 'it names no file' : 'an in-memory database is not durable';
    throw new TaurecError('bad-database-place', { kind: 'SQLite', reason, expected: placeForms });
  }
  const { table, query, asked } = selection(new URLSearchParams(parameters), 'SQLite');
  const file = path.split(/[/\\]/).at(-1)!;
  return {
    kind: 'sqlite',
    path,
    shown: `sqlite:${path}${asked}`,
    label: labelOf(table?.name ?? file.replace(/\.\w+$/, '')),
    table,
    query,
  };
}

/** The parameters `table` and `query`, of which at most one may be given, and `asked`, their text for messages. */
function selection(parameters: URLSearchParams, kind: string): Pick<Place, 'table' | 'query'> & { asked: string } {
  const table = parameters.get('table') ?? undefined;
  const query = parameters.get('query')?.trim().replace(/;+$/, '');
  const bad = (reason: string): never => {
    throw new TaurecError('bad-database-place', { kind, reason, expected: placeForms });
  };
  if (table !== undefined && query !== undefined) bad('it has both table and query');
  if (query === '') bad('its query is empty');
  if (query?.includes('\0')) bad('its query has a zero byte');
  const asked =
    table !== undefined ? `?table=${table}` : query !== undefined ? `?query=${query.replace(/\s+/g, ' ')}` : '';
  const name =
    table === undefined
      ? undefined
      : (tableName(table) ?? bad(`its table ${JSON.stringify(table)} is not a valid name`));
  return { table: name, query, asked };
}

/** Parses `name` or `schema.name`. A part in double quotes may contain any character; a quote inside it is doubled. Undefined for any other text. */
function tableName(text: string): TableName | undefined {
  const part = '("(?:[^"]|"")+"|[^".]+)';
  const found = new RegExp(`^(?:${part}\\.)?${part}$`).exec(text);
  if (!found || text.includes('\0')) return undefined;
  const plain = (quoted: string) => (quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted);
  return { ...(found[1] !== undefined && { schema: plain(found[1]) }), name: plain(found[2]!) };
}

/** A table name as SQL, for PostgreSQL and SQLite alike. */
export function quotedTable({ schema, name }: TableName): string {
  return [...(schema === undefined ? [] : [schema]), name].map(quotedName).join('.');
}

/** A name as an SQL identifier. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name reduced to characters that are safe in file names, at most 60. */
function labelOf(name: string): string {
  return (
    name
      .replace(/[^\p{L}\p{N}_-]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'database'
  );
}

/** The text with its %-escapes decoded; undefined when an escape is malformed. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The columns of the table of a feedback log, in order (docs/databases.md), by which it is recognised. */
export const feedbackColumns = ['sequence', 'user_id', 'item_id', 'time', 'kind', 'weight', 'id'] as const;
/** Further columns, which a log adds to a table without them: the list that an event answers to, and the place in it. */
export const listColumns = ['list_id', 'position'] as const;

/** True for a table with the columns of a feedback log. Its weights are then read by default. */
export function isFeedbackTable(names: readonly string[]): boolean {
  return feedbackColumns.every((column) => names.includes(column));
}
