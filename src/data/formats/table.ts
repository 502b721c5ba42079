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

/** The table of a JSON lines file; `names` are the keys, `positions` are indices of `names`. */
export function jsonTable(path: string, gzip: boolean, names: readonly string[], positions: ColumnPositions): Table {
  const used = [...new Set(Object.values(positions))];
  const columns = used.map((position) => `${literal(names[position]!)}: 'VARCHAR'`).join(', ');
  const from = `read_json(${literal(path)}, format = 'newline_delimited', columns = {${columns}}, compression = '${gzip ? 'gzip' : 'uncompressed'}')`;
  const texts = byRole(positions, (position) => identifier(names[position]!));
  return { from, cells: checkedTexts(texts), texts };
}

/** The table of a Parquet file; dates become seconds since 1970, numbers are not parsed from text. */
export async function parquetTable(
  duck: Duck,
  path: string,
  find: (names: string[]) => ColumnPositions,
): Promise<Table> {
  const from = parquetSource(path);
  const described = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
  // The last column is file_row_number, which read_parquet adds.
  const names = described.slice(0, -1).map((column) => String(column[0]));
  const positions = find(names);
  const texts = byRole(positions, (position) => `CAST(${identifier(names[position]!)} AS VARCHAR)`);
  const cells = checkedTexts(texts);
  for (const role of roles) {
    const position = positions[role];
    if (position === undefined || role === 'user' || role === 'item') continue;
    const type = String(described[position]![1]);
    const column = identifier(names[position]!);
    if (/^(DATE|TIMESTAMP)/.test(type)) cells[role] = role === 'time' ? `epoch(${column})` : 'NULL::DOUBLE';
    else if (type !== 'VARCHAR') cells[role] = finite(`TRY_CAST(${column} AS DOUBLE)`, role);
  }
  return { from, cells, texts };
}

/** The FROM clause of a Parquet file, with numbered rows. */
function parquetSource(path: string): string {
  return `read_parquet(${literal(path)}, binary_as_string = true, file_row_number = true)`;
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
};

/** True when a cell is valid for its role; the same rules as `checkedTexts`. */
export function isGoodCell(role: Role, cell: string): boolean {
  const text = cell.trim();
  // U+FFFD replaces bytes that were not valid UTF-8.
  if (cell.includes('\uFFFD')) return false;
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
