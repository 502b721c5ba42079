import { type ColumnPositions, type Role, roles } from '../columns.ts';
import { blankCell, checkedText, finite } from './cell-sql.ts';
import type { CellRules } from './cells.ts';
import { type Duck, identifier, literal } from './duckdb.ts';
import { checkNesting } from './nesting.ts';
import type { Quote } from './records.ts';

/** A log in DuckDB: a FROM clause, and for each role an SQL expression. Ids are texts, numbers are doubles; a bad cell is NULL, a blank rating or time is NaN. */
export interface Table {
  from: string;
  cells: { user: string; item: string } & Partial<Record<Role, string>>;
  /** For each role the expression of the raw text. */
  texts: Table['cells'];
  /** An SQL condition that is true for a row which a second pass has to judge: see `Doubts`, and rows whose lists differ in length. */
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
  rules: CellRules = {},
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
    (name) =>
      `CASE WHEN json_type(${name}) = 'ARRAY' THEN json_array_length(${name}) WHEN json_type(${name}) <> 'NULL' THEN 1 END`,
  );
  const texts = byRole(positions, (position) => identifier(names[position]!));
  const cells = checkedTexts(texts, rules);
  if (strict) {
    for (const role of ['user', 'item'] as const)
      cells[role] = `CASE WHEN NOT regexp_matches(${texts[role]}, '^\\s*[\\[{]') THEN ${cells[role]} END`;
  }
  return { from, cells, texts, ...(lists.length > 1 && { doubt: uneven }) };
}

/** The column of `unfold` that is true for a row whose lists differ in length. */
const uneven = '"lists of different lengths"';

/**
 * The FROM clause with each of the named columns unfolded: a row with a list of n values becomes n rows. Lists of one row are unfolded together.
 * @param lengthOf the length of a list; NULL for none at all
 */
function unfold(
  from: string,
  columns: readonly string[],
  listOf: (name: string) => string,
  lengthOf: (name: string) => string,
): string {
  if (columns.length === 0) return from;
  const unnested = columns.map((name) => `unnest(${listOf(name)}) AS ${name}`).join(', ');
  const lengths = columns.map(lengthOf).join(', ');
  const differ = `coalesce(greatest(${lengths}) <> least(${lengths}), false) AS ${uneven}`;
  return `(SELECT * EXCLUDE (${columns.join(', ')}), ${unnested}, ${differ} FROM ${from})`;
}

/**
 * The table of a Parquet file; dates become seconds since 1970, numbers are not parsed from text. Lists of items, and of their ratings or times, are unfolded.
 * @param find gets the names and the first rows
 * @param shown the name of the file in messages
 * @param hive true: folders named `key=value` in the path are columns
 * @throws TaurecError `nested-column` for structs, maps, lists of lists, and lists of users
 */
export async function parquetTable(
  duck: Duck,
  path: string,
  find: (names: string[], rows: string[][]) => ColumnPositions,
  shown = path,
  hive = false,
  rules: CellRules = {},
): Promise<Table> {
  const file = parquetSource(path, hive);
  const columns = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${file}`)).getRows();
  // read_parquet adds the column file_row_number.
  const described = columns.filter(([name]) => name !== 'file_row_number');
  const names = described.map((column) => String(column[0]));
  const asTexts = names.map((name) => `CAST(${identifier(name)} AS VARCHAR)`).join(', ');
  const head = await duck.connection.runAndReadAll(
    `SELECT ${asTexts} FROM ${file} WHERE file_row_number < 5 ORDER BY file_row_number`,
  );
  const positions = find(
    names,
    head.getRows().map((row) => row.map((cell) => String(cell ?? ''))),
  );
  const listed = roles.flatMap((role) => {
    const position = positions[role];
    if (position === undefined) return [];
    const isList = checkNesting(shown, role, names[position]!, String(described[position]![1]));
    return isList ? [identifier(names[position]!)] : [];
  });
  const lists = [...new Set(listed)];
  const from = unfold(
    file,
    lists,
    (name) => name,
    (name) => `len(${name})`,
  );
  const texts = byRole(positions, (position) => `CAST(${identifier(names[position]!)} AS VARCHAR)`);
  const cells = checkedTexts(texts, rules);
  for (const role of roles) {
    const position = positions[role];
    if (position === undefined || role === 'user' || role === 'item' || role === 'event') continue;
    const type = String(described[position]![1]).replace(/\[\d*\]$/, '');
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
  return { from, cells, texts, ...(lists.length > 1 && { doubt: uneven }) };
}

/** The FROM clause of a Parquet file, with numbered rows. */
function parquetSource(path: string, hive: boolean): string {
  return `read_parquet(${literal(path)}, binary_as_string = true, file_row_number = true, hive_partitioning = ${hive})`;
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
