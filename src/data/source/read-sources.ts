// Reads all files of a source with the reader of one file, and joins their logs.

import { TaurecError } from '../../errors.ts';
import { fileSha256 } from '../../platform/text-stream.ts';
import type { ColumnOptions, ColumnPositions } from '../columns.ts';
import type { Interactions } from '../interactions.ts';
import { type Source, shownSource } from './expand-source.ts';
import { mergeLogs } from './merge-logs.ts';
import { withSources } from './with-sources.ts';

/** The columns of the first table of a source with a header: `split` and similar programs leave it to the first part only. */
export interface Sibling {
  found?: { readonly width: number; readonly positions: ColumnPositions };
}

interface ReadFileOptions extends ColumnOptions {
  encoding?: string;
  downloadLimit?: number;
  format?: string;
  sumRatings?: boolean;
}

/**
 * Reads the files of a source one after another. A file without rows is passed over unless all are.
 * @throws TaurecError the errors of `withSources`, `mergeLogs` and `readFile`
 */
export async function readSources<O extends ReadFileOptions>(
  source: Source,
  options: O,
  readFile: (file: string, options: O & { label: string; hive: boolean; sibling: Sibling }) => Promise<Interactions>,
): Promise<Interactions> {
  const sibling: Sibling = {};
  let empty: TaurecError | undefined;
  const found = await withSources(source, options, async ({ path, original, shown, label, partitioned }, _, count) => {
    try {
      const log = await readFile(path, { ...options, label, hive: partitioned, sibling });
      if (path === original) return { ...log, source: shown };
      // The data are what the user has: the archive, or the text before decoding.
      return { ...log, source: shown, sha256: await fileSha256(original, false) };
    } catch (error) {
      if (count === 1 || !(error instanceof TaurecError) || error.code !== 'empty-data') throw error;
      empty ??= error;
      return undefined;
    }
  });
  const logs = found.filter((log) => log !== undefined);
  if (logs.length === 0) throw empty!;
  return found.length === 1 ? logs[0]! : mergeLogs(logs, shownSource(source), options.sumRatings);
}

/**
 * Sniffs the layout of a table. A table without a header, but with as many columns as the first file of the source, has the columns of that file.
 * @param sniff sniffs with the given options
 */
export function sniffSibling<
  O extends ColumnOptions & { header?: 'auto' | boolean },
  S extends { layout: { header: boolean; width: number }; positions: ColumnPositions },
>(sibling: Sibling | undefined, options: O, sniff: (options: O) => S): S {
  const { found } = sibling ?? {};
  if (!found) {
    const first = sniff(options);
    if (sibling && first.layout.header) sibling.found = { width: first.layout.width, positions: first.positions };
    return first;
  }
  const { user, item, rating, time, weight, event } = found.positions;
  const at = (position: number | undefined) => (position === undefined ? undefined : position + 1);
  const columns = {
    user: at(user),
    item: at(item),
    rating: at(rating) ?? false,
    time: at(time) ?? false,
    weight: at(weight),
    eventColumn: at(event),
  };
  let asFirst: S;
  try {
    asFirst = sniff({ ...options, ...columns });
  } catch {
    // A table with fewer columns: its own rules apply, and report what is wrong.
    return sniff(options);
  }
  // A header of its own names its columns, which may be in another order.
  return asFirst.layout.header || asFirst.layout.width !== found.width ? sniff(options) : asFirst;
}
