import { type FileHead, headText } from '../../platform/file-head.ts';
import { type ColumnOptions, type ColumnPositions, findColumns, isUsualName } from '../columns.ts';
import { guessDelimiter } from './file-format.ts';
import { splitRecords } from './records.ts';
import { isGoodCell, type Layout } from './table.ts';

/** The layout and columns of a table, as detected from its head. */
export interface SniffedTable {
  layout: Layout;
  /** The fields of the first record. */
  first: readonly string[];
  /** The header's names. */
  names?: string[];
  positions: ColumnPositions;
  /** True when all ids of the head are numbers: the fast path for integer ids is then tried first. */
  numeric: boolean;
  /** True when the file has no record after its header. */
  empty: boolean;
}

export interface SniffOptions extends ColumnOptions {
  header?: 'auto' | boolean;
  delimiter?: string;
  /** True for a field that only a header has, for rule (1). Default: a usual name of a user or item column. */
  isHeaderName?: (field: string) => boolean;
}

/**
 * Detects the layout and columns of a delimited table from its head (at most 1000 records). With `header` 'auto' the first record is a header if
 * (1) one of its fields is a usual name of a user or item column (user, user_id, item, movieId …), or
 * (2) one of its fields is a column name from the options, or
 * (3) in some column it has a text that is not a number and every later record of the head has a number.
 */
export function sniffTable(file: string, format: 'csv' | 'tsv', head: FileHead, options: SniffOptions): SniffedTable {
  const text = headText(head);
  const delimiter = options.delimiter ?? guessDelimiter(format, text);
  const records = splitRecords(text, delimiter).slice(0, 1000);
  const first = records[0]?.fields.map((field) => field.trim()) ?? [];
  const rest = records.slice(1).map((record) => record.fields);
  const header =
    options.header === 'auto' || options.header === undefined ? isHeader(first, rest, options) : options.header;
  const names = header ? first : undefined;
  const empty = records.length === (header ? 1 : 0) && head.whole;
  const width = first.length;
  const layout = { path: file, gzip: head.gzip, delimiter, header, width, skip: (records[0]?.line ?? 1) - 1 };
  if (records.length === 0) return { layout, first, positions: { user: 0, item: 1 }, numeric: false, empty: true };
  const positions = findColumns(file, names, width, options);
  const data = header ? rest : [first, ...rest];
  const numeric = data.every((fields) => isNumber(fields[positions.user]) && isNumber(fields[positions.item]));
  return { layout, first, names, positions, numeric, empty };
}

function isHeader(first: readonly string[], rest: readonly string[][], options: SniffOptions): boolean {
  const isHeaderName = options.isHeaderName ?? ((field) => isUsualName('user', field) || isUsualName('item', field));
  if (first.some(isHeaderName)) return true;
  const asked = [options.user, options.item, options.rating, options.time, options.weight, options.eventColumn];
  if (asked.some((column) => typeof column === 'string' && !/^\d+$/.test(column) && first.includes(column)))
    return true;
  return (
    rest.length > 0 &&
    first.some((field, c) => field !== '' && !isNumber(field) && rest.every((fields) => isNumber(fields[c])))
  );
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && isGoodCell('rating', text);
}

/** The keys of the JSON objects in a head, in order of first appearance. */
export function sniffKeys(head: FileHead): string[] {
  return [...sniffObjects(head).keys];
}

/** The keys of the JSON objects in a head, in order of first appearance, and those of them with a list as a value. */
export function sniffObjects(head: FileHead): { keys: Set<string>; lists: Set<string> } {
  const keys = new Set<string>();
  const lists = new Set<string>();
  for (const line of headText(head).split(/\r?\n/).slice(0, 1000)) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        for (const [key, inner] of Object.entries(value)) {
          keys.add(key);
          if (Array.isArray(inner)) lists.add(key);
        }
    } catch {
      // Not JSON: the reader reports the line later.
    }
  }
  return { keys, lists };
}
