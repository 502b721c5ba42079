// Which rows of a file are good: row by row, by the rules of its cells. DuckDB reads well-formed files by the same rules as SQL; this is where a bad row gets its line and its reason.

import { type ColumnPositions, type Role, roles } from '../columns.ts';
import { type CellRules, cellKind, cellRemedy, expectedCell } from './cells.ts';
import { RecordSplitter, type TextRecord } from './records.ts';
import type { BadRow, Rejects } from './rejects.ts';
import type { Layout } from './table.ts';

/** The columns of a table for a check of its cells: names (undefined without a header), positions of the roles, and the rules of cells. */
export interface CheckedColumns {
  names?: readonly string[];
  positions: ColumnPositions;
  rules: CellRules;
}

/** Splits a delimited text, fed in pieces, and yields its good rows, without its header. Bad rows go to `rejects`; blank rows, repeated headers and rows with a missing id are counted there. */
export class RowJudge {
  private readonly splitter: RecordSplitter;
  private readonly layout: Layout;
  private readonly columns: CheckedColumns;
  private readonly rejects: Rejects;
  private first = true;

  constructor(layout: Layout, columns: CheckedColumns, rejects: Rejects) {
    const { quote, trim } = layout;
    this.splitter = new RecordSplitter(layout.delimiter, {
      quote,
      trim,
      ...(!layout.asked && { isRow: (line: readonly string[]) => couldBeRow(line, layout, columns) }),
    });
    this.layout = layout;
    this.columns = columns;
    this.rejects = rejects;
  }

  /** The good rows that a piece of text completes. */
  *push(text: string): Iterable<TextRecord> {
    for (const record of this.splitter.push(text)) if (this.isGood(record)) yield record;
  }

  /** The good row at the end of a text without a last line end. */
  *end(): Iterable<TextRecord> {
    for (const record of this.splitter.end()) if (this.isGood(record)) yield record;
  }

  private isGood(record: TextRecord): boolean {
    const { layout, columns, rejects } = this;
    const { fields, line } = record;
    if (fields.every((field) => field.trim() === '')) {
      rejects.passed.blankRows++;
      return false;
    }
    const isHeader = layout.header && (this.first || isRow(fields, columns.names));
    if (isHeader && !this.first) rejects.passed.repeatedHeaders++;
    this.first = false;
    if (isHeader) return false;
    const fault = badRecord(record, layout, columns);
    if (fault === 'missing') rejects.passed.missingIds++;
    else if (fault) rejects.add(fault);
    else if (record.lines) rejects.addLines(line, record.lines);
    return !fault;
  }
}

/** True for fields that a row could have: their number fits, ids are single words, and ratings and times are good. Lines of prose hardly ever are. */
function couldBeRow(fields: readonly string[], { width }: Layout, { positions, rules }: CheckedColumns): boolean {
  if (fields.length !== width) return false;
  return roles.every((role) => {
    const cell = positions[role] === undefined ? undefined : fields[positions[role]]!;
    if (cell === undefined) return true;
    return role === 'user' || role === 'item' ? /^\S+$/.test(cell.trim()) : cellKind(role, cell, rules) !== 'bad';
  });
}

/** True for fields that repeat the names of the header. */
function isRow(fields: readonly string[], names: readonly string[] | undefined): boolean {
  return names !== undefined && fields.length === names.length && fields.every((field, c) => field.trim() === names[c]);
}

/** The fault of a record: a quote out of place, a wrong number of fields, or a bad cell; 'missing' for a missing id; undefined for a good one. */
function badRecord(
  record: TextRecord,
  { width, quote }: Layout,
  columns: CheckedColumns,
): BadRow | 'missing' | undefined {
  const { line, fields, broken, taken } = record;
  if (broken)
    return {
      line,
      column: columns.names?.[broken - 1] ?? String(broken),
      got: fields[broken - 1]!,
      expected: 'a closing quote at the end of the field',
      remedy:
        (taken ? `Up to the next quote the field would take up ${taken} lines, which look like rows. ` : '') +
        `Where quotes are plain text, set quote: 'none' (--quote none)${taken ? `; where these lines are one field, quote: ${JSON.stringify(quote)} (--quote '${quote}')` : ''}.`,
    };
  if (fields.length !== width) {
    return {
      line,
      column: String(Math.min(fields.length, width + 1)),
      got: `${fields.length} fields`,
      expected: `${width} fields`,
    };
  }
  return badCell(line, columns, (position) => fields[position]!);
}

/** The object of a line; undefined for a line that is none. */
export function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The fault of a line: not a JSON object, or a bad value; 'missing' for a missing id; undefined for a good one. */
export function badJson(
  object: Record<string, unknown> | undefined,
  text: string,
  line: number,
  columns: CheckedColumns & { names: readonly string[] },
  lists: readonly number[],
): BadRow | 'missing' | undefined {
  if (!object) return { line, column: '1', got: text.slice(0, 200), expected: 'a JSON object on one line' };
  const { names, positions } = columns;
  const valueAt = (position: number) => object[names[position]!];
  for (const position of new Set(Object.values(positions))) {
    const found = valueAt(position);
    const values = lists.includes(position) && Array.isArray(found) ? found : [found];
    if (values.some((one) => typeof one === 'object' && one !== null)) {
      const expected = lists.includes(position) ? 'texts, numbers or a flat list of them' : 'a text or a number';
      return { line, column: names[position]!, got: JSON.stringify(found), expected };
    }
  }
  const lengths = lists.flatMap((position) => {
    const found = valueAt(position) ?? undefined;
    return found === undefined ? [] : Array.isArray(found) ? found.length : 1;
  });
  if (new Set(lengths).size > 1) return unevenLists(line, names[positions.item]!);
  // A list is as good as its worst value.
  const rows = Math.max(1, ...lists.map((position) => [valueAt(position)].flat().length));
  let missing = false;
  for (let row = 0; row < rows; row++) {
    const fault = badCell(line, columns, (position) => {
      const found = valueAt(position);
      return String((Array.isArray(found) ? (found.length === 0 ? '[]' : found[row]) : found) ?? '');
    });
    if (fault === 'missing') missing = true;
    else if (fault) return fault;
  }
  return missing ? 'missing' : undefined;
}

/** The fault of a row whose lists of items, ratings or times differ in length: which value belongs to which item is not known. */
export function unevenLists(line: number, column: string): BadRow {
  return { line, column, got: 'lists of different lengths', expected: 'as many ratings and times as items' };
}

/** The first bad cell of a row, in the order of `roles`; 'missing' for a row without one whose user or item is missing; undefined for a good row. */
export function badCell(
  line: number,
  { names, positions, rules }: CheckedColumns,
  cell: (position: number) => string,
): BadRow | 'missing' | undefined {
  let role: Role | undefined;
  let isMissing = false;
  for (const one of roles) {
    const position = positions[one];
    const kind = position === undefined ? 'good' : cellKind(one, cell(position), rules);
    if (kind === 'missing') isMissing = true;
    else if (kind === 'bad') role ??= one;
  }
  if (isMissing) return 'missing';
  if (!role) return undefined;
  const position = positions[role]!;
  const got = cell(position);
  const remedy = cellRemedy(role, got, rules);
  return {
    line,
    column: names?.[position] ?? String(position + 1),
    got,
    expected: expectedCell(role, rules),
    ...(remedy && { remedy }),
  };
}
