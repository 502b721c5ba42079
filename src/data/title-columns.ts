// Columns of a table of items: its ids and titles.

import type { FileHead } from '../platform/head.ts';
import { type Column, type ColumnPositions, findColumns, isUsualName } from './columns.ts';
import type { Format } from './formats/file-format.ts';
import { type SniffedTable, sniffTable } from './formats/table-layout.ts';

/** Columns and format of a file of titles. */
export interface TitleOptions {
  /** Default: the first column with a usual item name or `id`, else column 1. */
  id?: Column;
  /** Default: the first column called title or name, else column 2. */
  title?: Column;
  format?: 'auto' | Exclude<Format, 'lightgcn'>;
  delimiter?: string;
  header?: 'auto' | boolean;
  /** As in `readInteractions`. In `loadDataset` default: that of the interactions. */
  encoding?: string;
}

/** True for the usual name of a column of titles. */
export const isTitleName = (name: string): boolean =>
  /^(item|movie|product|book|track|song|artist)?[\s_-]?(title|name)$/i.test(name);
/** True for the usual name of a column of item ids in a table of items. */
export const isItemIdName = (name: string): boolean => /^id$/i.test(name) || isUsualName('item', name);

/** The positions of the id and the title. Titles are read by the reader of interactions, with the id in the role of the user and the title in that of the item. */
export function findTitleColumns(
  file: string,
  names: readonly string[] | undefined,
  width: number,
  options: TitleOptions,
): ColumnPositions {
  const id = options.id ?? position(names, isItemIdName) ?? 1;
  const title = options.title ?? position(names, isTitleName) ?? (id === 2 ? 1 : 2);
  return findColumns(file, names, width, { user: id, item: title, rating: false, time: false });
}

/** The position, from 1, of the first name that matches. */
function position(names: readonly string[] | undefined, matches: (name: string) => boolean): number | undefined {
  const at = names?.findIndex(matches) ?? -1;
  return at < 0 ? undefined : at + 1;
}

/** The layout of a delimited table of titles. @throws TaurecError as `sniffTable` */
export function sniffTitles(file: string, format: 'csv' | 'tsv', head: FileHead, options: TitleOptions): SniffedTable {
  return sniffTable(file, format, head, {
    user: 1,
    item: 1,
    delimiter: options.delimiter,
    header: options.header,
    headerNames: [
      (name) => isItemIdName(name) || name === options.id,
      (name) => isTitleName(name) || name === options.title,
    ],
  });
}
