import { TaurecError } from '../../errors.ts';
import { type ColumnPositions, type Role, roles } from '../columns.ts';
import { type Duck, identifier, literal } from './duckdb.ts';

/** A log in DuckDB: a FROM clause, and for each role an SQL expression. Ids are texts, numbers are doubles, and a bad cell is NULL. */
export interface Table {
  from: string;
  cells: { user: string; item: string } & Partial<Record<Role, string>>;
  /** For each role the expression of the raw text. */
  texts: Table['cells'];
  /** A query that counts the rows that DuckDB could not split into columns; valid after the table has been read to its end. */
  rejects?: string;
}

/** The layout of a delimited text. */
export interface Layout {
  path: string;
  gzip: boolean;
  delimiter: string;
  /** True when the first record names the columns. */
  header: boolean;
  /** Number of fields per record. */
  width: number;
  /** Blank lines before the first record. */
  skip: number;
}

/** The table of a delimited text. All columns are read as text; only those with a role are parsed. */
export function delimitedTable(layout: Layout, positions: ColumnPositions): Table {
  const columns = Array.from({ length: layout.width }, (_, c) => `${literal(`c${c}`)}: 'VARCHAR'`).join(', ');
  const from =
    // buffer_size must hold at least one line of max_line_size (2 MiB).
    `read_csv(${literal(layout.path)}, auto_detect = false, columns = {${columns}}, header = ${layout.header}, skip = ${layout.skip}, delim = ${literal(layout.delimiter)}, ` +
    `quote = '"', escape = '"', compression = '${layout.gzip ? 'gzip' : 'none'}', store_rejects = true, max_line_size = 2097152, buffer_size = 8388608)`;
  const texts = byRole(positions, (position) => identifier(`c${position}`));
  return { from, cells: checkedTexts(texts), texts, rejects: 'SELECT count(*) FROM reject_errors' };
}

/**
 * The table of a JSON lines file; `names` are the keys, `positions` are indices of `names`.
 * @param lists the positions of keys whose values are lists: an object with a list of n values becomes n rows
 * @param strict true: an id that looks like a list or an object is a bad cell, because DuckDB gives such values as text; `repairJson` then tells them from texts
 */
export function jsonTable(
  path: string,
  gzip: boolean,
  names: readonly string[],
  positions: ColumnPositions,
  lists: readonly number[] = [],
  strict = false,
): Table {
  const used = [...new Set(Object.values(positions))];
  const columns = used
    .map((position) => `${literal(names[position]!)}: '${lists.includes(position) ? 'JSON' : 'VARCHAR'}'`)
    .join(', ');
  const file = `read_json(${literal(path)}, format = 'newline_delimited', columns = {${columns}}, compression = '${gzip ? 'gzip' : 'uncompressed'}')`;
  const unfolded = lists.map((position) => identifier(names[position]!));
  const from = unfold(
    file,
    unfolded,
    (name) =>
      `CASE json_type(${name}) WHEN 'ARRAY' THEN json_extract_string(${name}, '$[*]') ELSE [${name} ->> '$'] END`,
  );
  const texts = byRole(positions, (position) => identifier(names[position]!));
  const cells = checkedTexts(texts);
  if (strict) {
    for (const role of ['user', 'item'] as const)
      cells[role] = `CASE WHEN NOT regexp_matches(${texts[role]}, '^\\s*[\\[{]') THEN ${cells[role]} END`;
  }
  return { from, cells, texts };
}

/** The FROM clause with each of the named columns unfolded: a row with a list of n values becomes n rows. Lists of one row are unfolded together. */
function unfold(from: string, columns: readonly string[], listOf: (name: string) => string): string {
  if (columns.length === 0) return from;
  const unnested = columns.map((name) => `unnest(${listOf(name)}) AS ${name}`).join(', ');
  return `(SELECT * EXCLUDE (${columns.join(', ')}), ${unnested} FROM ${from})`;
}

/**
 * The table of a Parquet file; dates become seconds since 1970, numbers are not parsed from text. Lists of items, and of their ratings or times, are unfolded.
 * @param shown the name of the file in messages
 * @param hive true: folders named `key=value` in the path are columns
 * @throws TaurecError `nested-column` for structs, maps, lists of lists, and lists of users
 */
export async function parquetTable(
  duck: Duck,
  path: string,
  find: (names: string[]) => ColumnPositions,
  shown = path,
  hive = false,
): Promise<Table> {
  const file = parquetSource(path, hive);
  const columns = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${file}`)).getRows();
  // read_parquet adds the column file_row_number.
  const described = columns.filter(([name]) => name !== 'file_row_number');
  const names = described.map((column) => String(column[0]));
  const positions = find(names);
  const lists = roles.flatMap((role) => {
    const position = positions[role];
    if (position === undefined) return [];
    const isList = checkNesting(shown, role, names[position]!, String(described[position]![1]));
    return isList ? [identifier(names[position]!)] : [];
  });
  const from = unfold(file, [...new Set(lists)], (name) => name);
  const texts = byRole(positions, (position) => `CAST(${identifier(names[position]!)} AS VARCHAR)`);
  const cells = checkedTexts(texts);
  for (const role of roles) {
    const position = positions[role];
    if (position === undefined || role === 'user' || role === 'item' || role === 'event') continue;
    const type = String(described[position]![1]).replace(/\[\d*\]$/, '');
    const column = identifier(names[position]!);
    if (/^(DATE|TIMESTAMP)/.test(type)) cells[role] = role === 'time' ? `epoch(${column})` : 'NULL::DOUBLE';
    else if (type !== 'VARCHAR') cells[role] = finite(`TRY_CAST(${column} AS DOUBLE)`, role);
  }
  return { from, cells, texts };
}

/** The FROM clause of a Parquet file, with numbered rows. */
function parquetSource(path: string, hive: boolean): string {
  return `read_parquet(${literal(path)}, binary_as_string = true, file_row_number = true, hive_partitioning = ${hive})`;
}

/** True for a column of lists. @throws TaurecError `nested-column` */
function checkNesting(file: string, role: Role, column: string, type: string): boolean {
  const inner = type.replace(/\[\d*\]$/, '');
  const isList = inner !== type;
  const isNested = /^(STRUCT|MAP|UNION)\(|\]$/.test(inner);
  if (!isNested && !(isList && role === 'user')) return isList;
  throw new TaurecError('nested-column', {
    file,
    column,
    type: type.length > 60 ? `${type.slice(0, 60)}…` : type,
    expected: role === 'user' ? 'texts or numbers' : 'texts, numbers or a list of them',
    remedy: `Choose another column for ${role} (--${role === 'event' ? 'event-column' : role}), or write the field that you mean as a column.`,
  });
}

/** An SQL condition that is true when any cell of the row is bad. `names` maps each role to its expression or column. */
export function unfit(names: Partial<Record<Role, string>>): string {
  return roles
    .filter((role) => names[role])
    .map((role) => `(${names[role]}) IS NULL`)
    .join(' OR ');
}

function byRole(positions: ColumnPositions, expression: (position: number) => string): Table['cells'] {
  const entries = roles
    .filter((role) => positions[role] !== undefined)
    .map((role) => [role, expression(positions[role]!)]);
  return Object.fromEntries(entries);
}

/** Expressions that parse the texts and are NULL for a bad one. They must follow the same rules as `isGoodCell`. */
function checkedTexts(texts: Table['cells']): Table['cells'] {
  const checked = { ...texts };
  for (const role of roles) {
    const text = texts[role];
    if (text === undefined) continue;
    const trimmed = `trim(${text}, ' \t\r\n')`;
    if (role === 'event') {
      // A kind is never bad: a row without one has the kind ''.
      checked[role] = `coalesce(${trimmed}, '')`;
      continue;
    }
    if (role === 'user' || role === 'item') {
      checked[role] = `CASE WHEN ${trimmed} <> '' THEN ${text} END`;
      continue;
    }
    const value = finite(`TRY_CAST(${trimmed} AS DOUBLE)`, role);
    const date =
      role === 'time'
        ? ` WHEN regexp_full_match(${trimmed}, ${literal(datePattern)}) THEN epoch(TRY_CAST(${trimmed} AS TIMESTAMPTZ))`
        : '';
    checked[role] = `CASE WHEN regexp_full_match(${trimmed}, ${literal(numberPattern)}) THEN ${value}${date} END`;
  }
  return checked;
}

/** An SQL expression for a number that is NULL when it is infinite or NaN, or, for a weight, negative. */
function finite(value: string, role: Role): string {
  return `CASE WHEN isfinite(${value})${role === 'weight' ? ` AND ${value} >= 0` : ''} THEN ${value} END`;
}

/** A decimal number, with or without an exponent. The pattern is valid for JavaScript and for RE2, which DuckDB uses. */
const numberPattern = String.raw`[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`;
/** A date with or without time, ISO 8601; without an offset it is UTC. */
const datePattern = String.raw`\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:\d{2})?)?)?`;

const number = new RegExp(`^(?:${numberPattern})$`);
const date = new RegExp(`^(?:${datePattern})$`);

/** The expected content of a cell by role, for messages. */
export const expectedCell: Record<Role, string> = {
  user: 'a user id that is not blank',
  item: 'an item id that is not blank',
  rating: 'a number',
  time: 'a number or a date such as 2024-05-31 or 2024-05-31T12:00:00Z',
  weight: 'a number of at least 0',
  event: 'the kind of an event',
};

/** True when a cell is valid for its role; the same rules as `checkedTexts`. */
export function isGoodCell(role: Role, cell: string): boolean {
  const text = cell.trim();
  // U+FFFD replaces bytes that were not valid UTF-8.
  if (cell.includes('\uFFFD')) return false;
  if (role === 'event') return true;
  if (role === 'user' || role === 'item') return text !== '';
  if (number.test(text)) return Number.isFinite(Number(text)) && (role !== 'weight' || Number(text) >= 0);
  return role === 'time' && date.test(text) && isCalendarDate(text);
}

/** True for a date that exists, with a time of day that exists: the pattern alone accepts 2023-02-31. */
function isCalendarDate(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  const made = new Date(Date.UTC(year, month - 1, day));
  if (made.getUTCMonth() !== month - 1 || made.getUTCDate() !== day) return false;
  const [hour = 0, minute = 0, second = 0] = text.slice(11, 19).split(':').map(Number);
  return hour < 24 && minute < 60 && second < 60;
}
