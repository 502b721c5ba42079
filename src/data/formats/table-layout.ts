import { type FileHead, headText } from '../../platform/head.ts';
import { type ColumnOptions, type ColumnPositions, type ColumnsRead, chooseColumns, isUsualName } from '../columns.ts';
import { type CellRules, isDate, isNumber } from './cells.ts';
import { guessDelimiter } from './file-format.ts';
import { type Quote, splitRecords } from './records.ts';
import type { Layout } from './table.ts';
import { timeFormat as timeFormatOf } from './time-format.ts';

/** The layout and columns of a table, as detected from its head. */
export interface SniffedTable {
  layout: Layout;
  /** The fields of the first record. */
  first: readonly string[];
  /** The header's names. */
  names?: string[];
  positions: ColumnPositions;
  /** Absent for a file without records. */
  columns?: ColumnsRead;
  /** The rows of the head. */
  rows: readonly (readonly string[])[];
  /** True when all ids of the head are numbers: the fast path for integer ids is then tried first. */
  numeric: boolean;
  /** True when the file has no record after its header. */
  empty: boolean;
}

export interface SniffOptions extends ColumnOptions, CellRules {
  header?: 'auto' | boolean;
  delimiter?: string;
  quote?: 'none' | '"' | "'";
  /** Whether spaces around fields are removed. Default true. */
  trim?: boolean;
  /** Conditions that the names of a header meet, one for each column that a file must have. Default: a usual name of a user column, and one of an item column. */
  headerNames?: readonly ((field: string) => boolean)[];
}

/**
 * Detects the layout and columns of a delimited table from its head (at most 1000 records). With `header` 'auto' the first record is a header if
 * (1) one of its fields is a name from the options, or
 * (2) it has a usual name for a user and one for an item column, or, where none of its fields is a number, a date, or a value of the same column in a later row,
 * (3) it has one of the two, unless another field is formed like all later ones of its column (`u1` over `u2`, `u3`), or
 * (4) in some column it has a word and every later record of the head has a number or a date.
 */
export function sniffTable(file: string, format: 'csv' | 'tsv', head: FileHead, options: SniffOptions): SniffedTable {
  const { known, ...sniffed } = sniffLayout(file, format, head, options);
  const { names, rows, layout } = sniffed;
  if (sniffed.first.length === 0) return { ...sniffed, positions: { user: 0, item: 1 }, numeric: false };
  const { positions, columns } = chooseColumns({ file, names, width: layout.width, rows, layout: known }, options);
  const numeric = rows.every((fields) => [positions.user, positions.item].every((at) => isNumber(fields[at] ?? '')));
  return { ...sniffed, positions, columns, numeric };
}

/** The layout of a delimited table and its first rows, without the roles of its columns: see `sniffTable`. `known`: see `ColumnTable.layout`. */
export function sniffLayout(
  file: string,
  format: 'csv' | 'tsv',
  head: FileHead,
  options: SniffOptions,
): Omit<SniffedTable, 'positions' | 'columns' | 'numeric'> & { known?: { rating?: number; time?: number } } {
  const text = headText(head);
  const delimiter = options.delimiter ?? guessDelimiter(format, text);
  const quote = quoteOf(options.quote, delimiter, text);
  const { trim = true } = options;
  // A blank row above the header is not the header.
  const all = splitRecords(text, delimiter, { quote, trim }, 1000);
  const records = all.filter(({ fields }) => fields.some((field) => field.trim() !== ''));
  const first = records[0]?.fields.map((field) => field.trim()) ?? [];
  const rest = records.slice(1).map((record) => record.fields);
  const header =
    options.header === 'auto' || options.header === undefined ? isHeader(first, rest, options) : options.header;
  const names = header ? first : undefined;
  const empty = records.length === (header ? 1 : 0) && head.whole;
  const width = first.length;
  const skip = (records[0]?.line ?? 1) - 1;
  const layout = {
    path: file,
    gzip: head.gzip,
    delimiter,
    quote,
    asked: options.quote !== undefined,
    trim,
    header,
    width,
    skip,
  };
  const rows = header ? rest.filter((fields) => !isSame(fields, first)) : [first, ...rest];
  if (records.length === 0) return { layout, first, rows: [], empty: true };
  const known = header ? undefined : knownLayout(rows, width, delimiter, options);
  return { layout, first, names, rows, empty, known };
}

/** The character that encloses fields: as asked; none where tabs separate fields; `'` where it encloses every field of the first line; else `"`. */
function quoteOf(asked: SniffOptions['quote'], delimiter: string, text: string): Quote {
  if (asked !== undefined) return asked === 'none' ? '' : asked;
  if (delimiter === '\t') return '';
  const line = /^[^\r\n]+/m.exec(text)?.[0] ?? '';
  return line.split(delimiter).every((field) => /^\s*'.*'\s*$/.test(field)) ? "'" : '"';
}

function isHeader(first: readonly string[], rest: readonly string[][], options: SniffOptions): boolean {
  const asked = [options.user, options.item, options.rating, options.time, options.weight, options.eventColumn];
  if (asked.some((column) => typeof column === 'string' && !/^\d+$/.test(column) && first.includes(column)))
    return true;
  const conditions = options.headerNames ?? [(name) => isUsualName('user', name), (name) => isUsualName('item', name)];
  const isKnown = (field: string) => conditions.some((condition) => condition(field));
  const known = first.filter(isKnown).length;
  if (known > 1 && conditions.every((condition) => first.some(condition))) return true;
  // The header may be repeated; any other row with one of its fields makes it data.
  const others = rest.filter((fields) => !isSame(fields, first));
  if (first.some((field, c) => field !== '' && others.some((fields) => fields[c] === field))) return false;
  const isValue = (field: string | undefined) =>
    field !== undefined && (isNumber(field, options.decimal) || isDate(field));
  if (first.some(isValue)) return false;
  if (known > 0)
    return !first.some(
      (field, c) =>
        !isKnown(field) &&
        isFormedLike(
          field,
          others.map((fields) => fields[c] ?? ''),
        ),
    );
  return (
    others.length > 0 &&
    first.some(
      (field, c) => /\p{L}{2}/u.test(field) && !isNull.test(field) && others.every((fields) => isValue(fields[c])),
    )
  );
}

const isNull = /^(null|nan|none|n\/?a)$/i;

/** True when a text with a digit has the form of all others, where letters are alike and digits are: u17 and u1, but not u-1. */
function isFormedLike(text: string, others: readonly string[]): boolean {
  const form = (field: string) => field.replace(/\p{L}+/gu, 'a').replace(/\d+/g, '0');
  return /\d/.test(text) && others.length > 0 && others.every((other) => form(other) === form(text));
}

function isSame(fields: readonly string[], first: readonly string[]): boolean {
  return fields.length === first.length && fields.every((field, c) => field.trim() === first[c]);
}

/**
 * Recognises the layouts of the field by their values: user, item, rating; user, item, time; user, item, rating, time. A rating is a number from −100 to 100, a time a
 * date or a number of seconds or milliseconds from 1973 on. Undefined for any other table, for one whose first column numbers the rows, and for one that LightGCN text could be.
 */
function knownLayout(
  rows: readonly (readonly string[])[],
  width: number,
  delimiter: string,
  { decimal, timeFormat }: CellRules,
): { rating?: number; time?: number } | undefined {
  if (width !== 3 && width !== 4) return undefined;
  // Rows of another width are bad rows, which the reader reports.
  const columns = Array.from({ length: width }, (_, c) =>
    rows.filter((fields) => fields.length === width).map((fields) => fields[c]!.trim()),
  );
  const filled = (c: number) => columns[c]!.filter((cell) => cell !== '');
  const every = (c: number, test: (cell: string) => boolean) => filled(c).length > 0 && filled(c).every(test);
  const numberIn = (cell: string) => Number(cell.replace(',', '.'));
  const isRating = (c: number) => every(c, (cell) => isNumber(cell, decimal) && Math.abs(numberIn(cell)) <= 100);
  const isTime = (c: number) =>
    every(c, (cell) =>
      timeFormat
        ? timeFormatOf(timeFormat).secondsOf(cell) !== undefined
        : isDate(cell) || (isNumber(cell, decimal) && isInstant(numberIn(cell))),
    );
  const isId = (c: number) => !isTime(c) && columns[c]!.some((cell) => cell !== '');
  if (!isId(0) || !isId(1)) return undefined;
  if (width === 4) return isRating(2) && isTime(3) ? { rating: 2, time: 3 } : undefined;
  if (isTime(2)) return { time: 2 };
  if (!isRating(2)) return undefined;
  // More values than a scale of ratings has: the first column may number the rows, and each line may be a user with items.
  const many = new Set(filled(2)).size > 11;
  const start = Number(columns[0]![0]);
  const numbered = start <= 1 && columns[0]!.every((cell, row) => Number(cell) === start + row);
  const perUser =
    delimiter === ' ' && new Set(columns[0]).size === columns[0]!.length && every(2, (cell) => /^\d+$/.test(cell));
  return many && (numbered || perUser) ? undefined : { rating: 2 };
}

/** True for seconds (10⁸ to 10¹⁰) or milliseconds (10¹¹ to 10¹³) since 1970: from 1973 to 2286. */
function isInstant(value: number): boolean {
  return (value >= 1e8 && value < 1e10) || (value >= 1e11 && value < 1e13);
}

/** The keys of the JSON objects in a head, in order of first appearance; the first rows under them, at most `shownRows`; and the keys that have a list as a value. */
export function sniffObjects(
  head: FileHead,
  shownRows = 5,
): { names: string[]; rows: string[][]; lists: ReadonlySet<string> } {
  const keys = new Set<string>();
  const lists = new Set<string>();
  const objects: Record<string, unknown>[] = [];
  for (const line of headText(head).split(/\r?\n/).slice(0, 1000)) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        for (const [key, inner] of Object.entries(value)) {
          keys.add(key);
          if (Array.isArray(inner)) lists.add(key);
        }
        if (objects.length < shownRows) objects.push(value as Record<string, unknown>);
      }
    } catch {
      // Not JSON: the reader reports the line later.
    }
  }
  const names = [...keys];
  const shown = (value: unknown) =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
  return { names, rows: objects.map((object) => names.map((name) => shown(object[name]))), lists };
}
