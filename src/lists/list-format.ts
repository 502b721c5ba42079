/** The formats of a file of lists. A format writes parts of the lists as files, and joins the parts to one file. */

import { TaurecError } from '../errors.ts';
import type { UserRecommendations } from '../recommender/recommendation.ts';

/** The names of the file formats for recommendation lists. */
export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;
/** A file format for recommendation lists: one of `csv`, `jsonl`, `parquet`. */
export type ExportFormat = (typeof exportFormats)[number];

/** A file with some users' lists that is being written. */
export interface PartWriter {
  /** Appends the lists of a block of users. */
  add(block: readonly UserRecommendations[]): Promise<void>;
  /** Ends the rows. The function that it resolves with completes the file; the next part may be begun meanwhile. */
  end(): Promise<() => Promise<void>>;
}

/** Writes files of one format. */
export interface ListFormat {
  /** Begins a part: a new file at `path`. */
  begin(path: string): Promise<PartWriter>;
  /** Joins parts, in their order, to a new file at `path`. */
  join(parts: readonly string[], path: string): Promise<void>;
  /** Releases handles and temporary files, also after a failure. */
  close(): Promise<void>;
}

/** The columns of CSV and Parquet; `title` only if the model has titles. */
export function listColumns(titles: boolean): string[] {
  return ['user', 'rank', 'item', 'score', ...(titles ? ['title'] : [])];
}

/** The format of a file by its extension. Throws `bad-option` for any other extension. */
export function formatOf(file: string): ExportFormat {
  if (/\.csv$/i.test(file)) return 'csv';
  if (/\.(jsonl|ndjson)$/i.test(file)) return 'jsonl';
  if (/\.parquet$/i.test(file)) return 'parquet';
  const expected = 'a name that ends in .csv, .jsonl, .ndjson or .parquet';
  throw new TaurecError('bad-option', { option: 'file', got: file, expected, remedy: 'Or set the format.' });
}
