import type { AttributeColumn } from './attribute-columns.ts';
import type { IdMap } from './id-map.ts';

/** A catalogue as it was read (`readCatalogue`): one row for each item, in the order of the source. */
export interface CatalogueTable {
  /** The source, for messages, without passwords. */
  readonly source: string;
  readonly ids: IdMap;
  /** [rows] '' for an item without a title; absent: no column of titles. */
  readonly titles?: readonly string[];
  /** The attributes by name, in the order of the columns. */
  readonly attributes: ReadonlyMap<string, AttributeColumn>;
  /** Columns that are no attributes, with the reason: nested values, no name, a name that filters use. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/** Names that filters use for themselves (`where`). */
export const reservedNames: readonly string[] = ['and', 'or', 'not'];
