// The beginning of a table as the reader sees it, and the options that name its columns otherwise.

import type { Facts } from '../errors.ts';
import { TaurecError } from '../errors.ts';
import { type FileHead, headText } from '../platform/head.ts';
import {
  type Column,
  type ColumnOptions,
  type ColumnTable,
  chooseColumns,
  type FoundBy,
  type Role,
  roles,
} from './columns.ts';
import type { Format } from './formats/file-format.ts';
import { sniffLayout, sniffObjects } from './formats/table-layout.ts';
import { formatOf, pairColumns } from './read-log.ts';
import type { ReadOptions } from './read-options.ts';

/** A column of a preview. */
export interface PreviewColumn {
  /** From 1. */
  readonly position: number;
  /** Absent without a header. */
  readonly name?: string;
  /** What the reader takes the column for; absent for a column that it does not read. */
  readonly role?: Role;
  /** How the role was found. */
  readonly by?: FoundBy;
}

/** The beginning of a table as `readInteractions` would read it with the same options. */
export interface TablePreview {
  /** The name of the file. */
  readonly file: string;
  readonly format: Format;
  /** The separator, the character around fields ('' for none) and whether the first line names the columns; of a delimited text alone. */
  readonly delimiter?: string;
  readonly quote?: string;
  readonly header?: boolean;
  readonly columns: readonly PreviewColumn[];
  /** The first rows as texts, in the order of `columns`. */
  readonly rows: readonly (readonly string[])[];
  /** Why the reader would refuse the columns: code, facts and text of its error; absent where it would not. */
  readonly problem?: { readonly code: string; readonly facts: Facts; readonly message: string };
}

/** The preview of a text by its head. @param count the most rows @throws TaurecError as `readInteractions` for files that are no tables */
export function previewText(file: string, head: FileHead, options: ReadOptions, count: number): TablePreview {
  const format = formatOf(file, head, options);
  if (format === 'lightgcn') return previewPairs(file, head, count);
  if (format === 'jsonl') {
    const { names, rows } = sniffObjects(head, count);
    return previewNamed({ file, names, width: names.length, rows }, format, options);
  }
  const { layout, names, rows, known } = sniffLayout(file, format as 'csv' | 'tsv', head, options);
  const { delimiter, quote, header, width } = layout;
  const shown = rows.slice(0, count).map((row) => Array.from({ length: width }, (_, at) => row[at] ?? ''));
  const table = { file, names, width, rows: shown, layout: known };
  return { ...previewNamed(table, format, options), delimiter, quote, header };
}

/** The preview of a table whose columns are known. */
export function previewNamed(table: ColumnTable, format: Format, options: ReadOptions): TablePreview {
  const { file, names, width, rows = [] } = table;
  const found: Partial<Record<number, { role: Role; by: FoundBy }>> = {};
  let problem: TablePreview['problem'];
  try {
    const { columns } = chooseColumns(table, options);
    for (const role of roles) if (columns[role]) found[columns[role].position] = { role, by: columns[role].by };
  } catch (error) {
    if (!(error instanceof TaurecError)) throw error;
    problem = { code: error.code, facts: error.facts, message: error.message };
  }
  const columns = Array.from({ length: width }, (_, at) => ({
    position: at + 1,
    ...(names && { name: names[at]! }),
    ...found[at + 1],
  }));
  return { file, format, columns, rows, ...(problem && { problem }) };
}

/** LightGCN text: a user, and the first of the user's items. */
function previewPairs(file: string, head: FileHead, count: number): TablePreview {
  const lines = headText(head)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const { user, item } = pairColumns;
  const columns = [
    { position: 1, role: 'user', by: user.by },
    { position: 2, role: 'item', by: item.by },
  ] as const;
  const rows = lines.slice(0, count).map((line) => {
    const [first = '', ...items] = line.trim().split(/[ \t]+/);
    return [first, items.join(' ')];
  });
  return { file, format: 'lightgcn', columns, rows };
}

/**
 * The options that name the columns of a table as a person chose them: those of `readInteractions`, and of the command line (`--user`, `--item` …). A column is named by its name where only one has it, else by its position.
 * @param positions the position, from 1, of each role; a rating or time that is not there is not read
 */
export function columnOptionsFor(
  preview: Pick<TablePreview, 'columns'>,
  positions: Readonly<Partial<Record<Role, number>>>,
): ColumnOptions {
  const { columns } = preview;
  const same = (a: string | undefined, b: string | undefined) => a?.toLowerCase() === b?.toLowerCase();
  const named = (position: number | undefined): Column | undefined => {
    const name = columns.find((column) => column.position === position)?.name;
    const isClear = name && !/^\d+$/.test(name) && columns.filter((column) => same(column.name, name)).length === 1;
    return isClear ? name : position;
  };
  const { user, item, rating, time, weight, event } = positions;
  return {
    ...(user !== undefined && { user: named(user) }),
    ...(item !== undefined && { item: named(item) }),
    rating: named(rating) ?? false,
    time: named(time) ?? false,
    ...(weight !== undefined && { weight: named(weight) }),
    ...(event !== undefined && { eventColumn: named(event) }),
  };
}
