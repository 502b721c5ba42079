// The beginning of a table as the reader sees it, and the options that name its columns otherwise.

import type { Facts } from '../errors.ts';
import { TaurecError } from '../errors.ts';
import { checkOptions, whole } from '../option.ts';
import { type FileHead, headText } from '../platform/head.ts';
import { type ColumnTable, chooseColumns, type FoundBy, type Role, roles } from './columns.ts';
import type { Format } from './formats/file-format.ts';
import { sniffLayout, sniffObjects } from './formats/table-layout.ts';
import { formatOf, pairColumns } from './read-log.ts';
import { type ReadOptions, readSchema } from './read-options.ts';

/** Options of `previewTable`: those of `readInteractions`, and the number of rows. */
export type PreviewOptions = ReadOptions & {
  /** The most rows to return. Default 20. */
  rows?: number;
};

/** The options of a preview apart. @throws TaurecError `bad-option` */
export function checkedPreview({ rows = 20, ...reading }: PreviewOptions): { rows: number; reading: ReadOptions } {
  checkOptions(readSchema, reading);
  if (!whole(1).safeParse(rows).success)
    throw new TaurecError('bad-option', { option: 'rows', got: rows, expected: 'a whole number ≥ 1' });
  return { rows, reading };
}

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
