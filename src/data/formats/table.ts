import { type ColumnPositions, type Role, roles } from '../columns.ts';
import { blankCell, type CellRules, checkedText, finite } from './cells.ts';
import { type Duck, identifier, literal } from './duckdb.ts';
import type { Quote } from './records.ts';

/** A log in DuckDB: a FROM clause, and for each role an SQL expression. Ids are texts, numbers are doubles; a bad cell is NULL, a blank rating or time is NaN. */
export interface Table {
  from: string;
  cells: { user: string; item: string } & Partial<Record<Role, string>>;
  /** For each role the expression of the raw text. */
  texts: Table['cells'];
  /** An SQL condition that is true for a row which the pass of `repairDelimited` has to judge. */
  doubt?: string;
  /** A query that counts the rows that DuckDB could not split into columns; valid after the table has been read to its end. */
  rejects?: string;
}

/** The layout of a delimited text. */
export interface Layout {
  path: string;
  gzip: boolean;
  delimiter: string;
  /** The character that encloses fields. */
  quote: Quote;
  /** True when an option named the quote. */
  asked: boolean;
  /** True when spaces around fields do not belong to them. */
  trim: boolean;
  /** True when the first record names the columns. */
  header: boolean;
  /** Number of fields per record. */
  width: number;
  /** Lines before the first record. */
  skip: number;
  /** The line end, where it is known; line ends inside quotes can mislead DuckDB's detection. */
  lineEnd?: '\n';
}

/** What a first pass over a text has to doubt: nothing in a repaired copy. */
export interface Doubts {
  /** The names of the header: a row that has those of user and item may repeat it. */
  names?: readonly string[];
  /** True when the quote occurs in the file: then rows with line ends or with spaces around ids are judged apart. */
  quotes: boolean;
}

/** The table of a delimited text. All columns are read as text; only those with a role are parsed. */
export function delimitedTable(
  layout: Layout,
  positions: ColumnPositions,
  rules: CellRules = {},
  { names, quotes }: Doubts = { quotes: false },
): Table {
  const { quote } = layout;
  const columns = Array.from({ length: layout.width }, (_, c) => `${literal(`c${c}`)}: 'VARCHAR'`).join(', ');
  const from =
    // buffer_size must hold at least one line of max_line_size (2 MiB).
    `read_csv(${literal(layout.path)}, auto_detect = false, columns = {${columns}}, header = ${layout.header}, skip = ${layout.skip}, delim = ${literal(layout.delimiter)}, ` +
    `quote = ${literal(quote)}, escape = ${literal(quote)}, compression = '${layout.gzip ? 'gzip' : 'none'}', ${layout.lineEnd ? "new_line = '\\n', " : ''}store_rejects = true, max_line_size = 2097152, buffer_size = 8388608)`;
  // Inside quotes spaces belong to the id, and SQL does not see the quotes.
  const trims = layout.trim && !quotes;
  const texts = byRole(positions, (position) => (trims ? `trim(c${position}, ' \t')` : `c${position}`));
  const cells = checkedTexts(texts, rules);
  if (names) {
    const repeats = (['user', 'item'] as const).map(
      (role) => `trim(${texts[role]}) = ${literal(names[positions[role]]!)}`,
    );
    cells.user = `CASE WHEN coalesce(${repeats.join(' AND ')}, false) THEN NULL ELSE ${cells.user} END`;
  }
  const table: Table = { from, cells, texts, rejects: 'SELECT count(*) FROM reject_errors' };
  if (!quotes) return table;
  const lineEnds = Array.from({ length: layout.width }, (_, c) => `regexp_matches(c${c}, '[\\r\\n]')`);
  const padded = layout.trim ? [texts.user, texts.item].map((text) => `trim(${text}, ' \t') <> ${text}`) : [];
  return { ...table, doubt: `coalesce(${[...lineEnds, ...padded].join(' OR ')}, false)` };
}

/** The table of a JSON lines file; `names` are the keys, `positions` are indices of `names`. */
export function jsonTable(
  path: string,
  gzip: boolean,
  names: readonly string[],
  positions: ColumnPositions,
  rules: CellRules = {},
): Table {
  const used = [...new Set(Object.values(positions))];
  const columns = used.map((position) => `${literal(names[position]!)}: 'VARCHAR'`).join(', ');
  const from = `read_json(${literal(path)}, format = 'newline_delimited', columns = {${columns}}, compression = '${gzip ? 'gzip' : 'uncompressed'}')`;
  const texts = byRole(positions, (position) => identifier(names[position]!));
  return { from, cells: checkedTexts(texts, rules), texts };
}

/** The table of a Parquet file; dates become seconds since 1970, numbers are not parsed from text. `find` gets the names and the first rows. */
export async function parquetTable(
  duck: Duck,
  path: string,
  find: (names: string[], rows: string[][]) => ColumnPositions,
  rules: CellRules = {},
): Promise<Table> {
  const from = parquetSource(path);
  const described = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
  // The last column is file_row_number, which read_parquet adds.
  const names = described.slice(0, -1).map((column) => String(column[0]));
  const shown = names.map((name) => `CAST(${identifier(name)} AS VARCHAR)`).join(', ');
  const head = await duck.connection.runAndReadAll(
    `SELECT ${shown} FROM ${from} WHERE file_row_number < 5 ORDER BY file_row_number`,
  );
  const positions = find(
    names,
    head.getRows().map((row) => row.map((cell) => String(cell ?? ''))),
  );
  const texts = byRole(positions, (position) => `CAST(${identifier(names[position]!)} AS VARCHAR)`);
  const cells = checkedTexts(texts, rules);
  for (const role of roles) {
    const position = positions[role];
    if (position === undefined || role === 'user' || role === 'item') continue;
    const type = String(described[position]![1]);
    const column = identifier(names[position]!);
    const isDate = /^(DATE|TIMESTAMP)/.test(type);
    if (type === 'VARCHAR') continue;
    const value = isDate
      ? role === 'time'
        ? `epoch(${column})`
        : 'NULL::DOUBLE'
      : finite(`TRY_CAST(${column} AS DOUBLE)`, role);
    // Programs write a missing number as NULL or as NaN.
    const isBlank = isDate ? `${column} IS NULL` : `${column} IS NULL OR isnan(TRY_CAST(${column} AS DOUBLE))`;
    cells[role] = role === 'weight' ? value : `CASE WHEN ${isBlank} THEN ${blankCell} ELSE ${value} END`;
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

/** Expressions that parse the texts and are NULL for a bad one. */
function checkedTexts(texts: Table['cells'], rules: CellRules): Table['cells'] {
  const checked = { ...texts };
  for (const role of roles) {
    const text = texts[role];
    if (text !== undefined) checked[role] = checkedText(role, text, rules);
  }
  return checked;
}
