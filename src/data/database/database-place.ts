import { TaurecError } from '../../errors.ts';

/** A table of a database: its name, after its schema where one is given. Names are data: case matters, and SQL always gets them quoted. */
export interface TableName {
  readonly schema?: string;
  readonly name: string;
}

interface Place {
  /** The place as messages and records show it, without a password. */
  readonly shown: string;
  /** A short name: the table's, else the database's. */
  readonly label: string;
  readonly table?: TableName;
  /** The user's own SQL, a SELECT without an end mark. */
  readonly query?: string;
}

export interface PostgresPlace extends Place {
  readonly kind: 'postgres';
  /** For the driver, with the password and without `table` and `query`. */
  readonly url: string;
}

export interface SqlitePlace extends Place {
  readonly kind: 'sqlite';
  readonly path: string;
}

export type DatabasePlace = PostgresPlace | SqlitePlace;

/** What a place looks like. */
export const placeForms = 'postgres://USER@HOST/DATABASE?table=NAME or sqlite:PATH?table=NAME';

/**
 * A table or query of a database: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?table=SCHEMA.NAME` (or `&query=SELECT …`; `postgresql://` too), or `sqlite:PATH?table=NAME`.
 * Undefined for anything that does not begin so: a file.
 * @throws TaurecError `bad-database-place`, without the place: which part of a malformed URL is the password is unknown.
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
  // The error of URL holds the text, and so is no cause.
  // URL drops line ends and tabs, which divide the words of a query and end its comments.
  const text = source.replace(/[\t\r\n]/g, encodeURIComponent);
  const url = URL.canParse(text) ? new URL(text) : bad('it is no URL');
  if (url.hash !== '') bad('it has a # outside an escape');
  if (url.pathname.includes('@')) bad('it has an @ behind the host');
  const database = decoded(url.pathname.slice(1)) ?? bad('a % in the database name is no escape');
  const user = decoded(url.username) ?? bad('a % in the user name is no escape');
  if (decoded(url.password) === undefined) bad('a % in the password is no escape');
  const { table, query, asked } = selection(url.searchParams, 'PostgreSQL');
  for (const name of ['table', 'query']) url.searchParams.delete(name);
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
    const reason = path === '' ? 'it names no file' : 'a log in memory does not last';
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

/** The parameters `table` and `query`, at most one of them given, and the text that messages show. */
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
    table === undefined ? undefined : (tableName(table) ?? bad(`its table ${JSON.stringify(table)} is no name`));
  return { table: name, query, asked };
}

/** `name`, `schema.name`; a part in double quotes may hold anything, a quote twice. Undefined when it is neither. */
function tableName(text: string): TableName | undefined {
  const part = '("(?:[^"]|"")+"|[^".]+)';
  const found = new RegExp(`^(?:${part}\\.)?${part}$`).exec(text);
  if (!found || text.includes('\0')) return undefined;
  const plain = (quoted: string) => (quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted);
  return { ...(found[1] !== undefined && { schema: plain(found[1]) }), name: plain(found[2]!) };
}

/** A table's name as SQL, the same for PostgreSQL and SQLite. */
export function quotedTable({ schema, name }: TableName): string {
  return [...(schema === undefined ? [] : [schema]), name].map(quotedName).join('.');
}

/** A name as an SQL identifier. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Fit for a file's name. */
function labelOf(name: string): string {
  return (
    name
      .replace(/[^\p{L}\p{N}_-]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'database'
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The columns of a feedback log's table, in order (docs/databases.md). */
export const feedbackColumns = ['sequence', 'user_id', 'item_id', 'time', 'kind', 'weight', 'id'] as const;

/** True for the columns of a feedback log: its weights are then read without being asked for. */
export function isFeedbackTable(names: readonly string[]): boolean {
  return feedbackColumns.every((column) => names.includes(column));
}
