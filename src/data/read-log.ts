// What the reader of Node and that of a browser have in common: the order of the steps, the columns of a file, and the report.

import { TaurecError } from '../errors.ts';
import type { FileHead } from '../platform/head.ts';
import { type ColumnPositions, type ColumnsRead, checkRating, chooseColumns } from './columns.ts';
import { eventTable, kindsText, namesKinds } from './event-kinds.ts';
import type { EncodedRows, RowRules } from './formats/encoded-rows.ts';
import { type Format, guessFormat } from './formats/file-format.ts';
import type { Rejects } from './formats/rejects.ts';
import { type SniffedTable, sniffObjects, sniffTable } from './formats/table-layout.ts';
import { compactIds, type Interactions, mergeDuplicates, type ReadReport, selectEntries } from './interactions.ts';
import type { ReadOptions } from './read-options.ts';
import { type FirstRows, firstRowsOf, reportOf, withoutEmptyMeasures } from './read-report.ts';
import { latestTime } from './recency-weights.ts';
import { type Sibling, sniffSibling } from './source/sibling.ts';

/** What a reader is told beyond the options. */
export interface LogFacts {
  /** Time of the newest event of the source: kinds expire before it. Absent: nothing expires. */
  newest?: number;
  /** The columns of an earlier file of the same source: a file without a header follows them. */
  sibling?: Sibling;
}

/** Whether events of some kind expire. */
export const expiresKinds = (options: ReadOptions): boolean =>
  [...(eventTable(options)?.values() ?? [])].some((kind) => kind.expires < Infinity);

/** Reads a log with the reader of its files, and applies what needs all of them. */
export async function readLog(
  options: ReadOptions,
  read: (options: ReadOptions & LogFacts) => Promise<Interactions>,
): Promise<Interactions> {
  // Events expire before the newest one of all files, which the first reading finds.
  const log = await read(
    expiresKinds(options) ? { ...options, newest: latestTime(await read(options), 'kinds that expire need') } : options,
  );
  return options.sumRatings ? withoutCancelled(log, options.minRating) : log;
}

/** Drops the pairs whose summed rating is too low. The sums are compared with six decimals, so that .1 + .2 − .3 is 0. */
function withoutCancelled(log: Interactions, minRating: number | undefined): Interactions {
  // A pair without a rating has no sum.
  const sums = log.ratings ?? new Float32Array(log.users.length).fill(Number.NaN);
  const keep = Uint8Array.from(sums, (sum) => {
    const rounded = Math.round(sum * 1e6) / 1e6;
    return minRating === undefined ? +(rounded > 0) : +(rounded >= minRating);
  });
  const cancelled = keep.length - keep.reduce((kept, k) => kept + k, 0);
  if (cancelled === keep.length) {
    const reason = `no interaction is left (${cancelled} pairs with a sum of ratings that is too low)`;
    throw new TaurecError('empty-data', { file: log.source, reason });
  }
  return { ...compactIds(selectEntries(log, keep)), report: { ...log.report, cancelled } };
}

/** The format of a file, as asked or guessed. @throws TaurecError `empty-data`, `missing-column` for options that the format has no column for */
export function formatOf(file: string, head: FileHead, options: ReadOptions): Format {
  const format = options.format && options.format !== 'auto' ? options.format : guessFormat(file, head);
  if (head.bytes.length === 0) throw new TaurecError('empty-data', { file, reason: 'the file is empty' });
  // The options are checked before the file is read: hashing alone takes seconds for large files.
  if (format === 'lightgcn') checkPairsOnly(file, options);
  return format;
}

/** Refuses options that need a rating, time or weight: LightGCN text contains only user–item pairs. @throws TaurecError `missing-column` */
function checkPairsOnly(file: string, options: ReadOptions): void {
  const { rating, time, weight, minRating, sumRatings } = options;
  const event = options.eventColumn ?? (namesKinds(options) ? 'kinds' : undefined);
  for (const [role, got] of Object.entries({ rating: rating ?? minRating ?? sumRatings, time, weight, event })) {
    if (got === undefined || got === false) continue;
    throw new TaurecError('missing-column', {
      file,
      got,
      role,
      columns: ['user', 'item (LightGCN text has no others)'],
    });
  }
}

/** What a report says about the columns. */
export interface About {
  read: ColumnsRead;
  firstRows?: FirstRows;
}

/** The encoded rows of a file, with the description of the columns read. */
export type Read = EncodedRows & About;

/** The columns of LightGCN text. */
export const pairColumns: ColumnsRead = {
  user: { position: 1, by: 'format' },
  item: { position: 2, by: 'format' },
  unread: [],
};

/** The layout and the columns of a delimited text. @throws TaurecError `empty-data`, and the errors of `chooseColumns` */
export function sniffDelimited(
  file: string,
  format: 'csv' | 'tsv',
  head: FileHead,
  options: ReadOptions & LogFacts & { headerLines?: number },
): { sniffed: SniffedTable; about: About } {
  // The copy of a database table has no spaces but those of its values.
  const trim = options.headerLines === undefined;
  const sniffed = sniffSibling(options.sibling, options, (own) => sniffTable(file, format, head, { ...own, trim }));
  const { layout, names, positions, columns, rows } = sniffed;
  if (sniffed.empty || !columns) {
    const reason = layout.header ? 'the file has a header and no rows' : 'the file has no rows';
    throw new TaurecError('empty-data', { file, reason });
  }
  checkRating(file, positions, names ?? [], options);
  return { sniffed, about: { read: columns, firstRows: firstRowsOf(rows, positions) } };
}

/** The keys of a JSON lines file and the roles that they have; undefined where its head has no object. @throws TaurecError as `chooseColumns` */
export function sniffJson(
  file: string,
  head: FileHead,
  options: ReadOptions,
): { names: string[]; positions: ColumnPositions; lists: number[]; about: About } | undefined {
  const { names, rows, lists: listed } = sniffObjects(head);
  if (names.length === 0) return undefined;
  const { positions, about } = chooseNamed(file, names, rows, options);
  const lists = [...new Set(Object.values(positions))].filter(
    (position) => position !== positions.user && listed.has(names[position]!),
  );
  return { names, positions, lists, about };
}

/** The columns of a table that names them all. @throws TaurecError as `chooseColumns` */
export function chooseNamed(
  file: string,
  names: readonly string[],
  rows: readonly (readonly string[])[],
  options: ReadOptions,
): { positions: ColumnPositions; about: About } {
  const { positions, columns } = chooseColumns({ file, names, width: names.length, rows }, options);
  checkRating(file, positions, names, options);
  return { positions, about: { read: columns, firstRows: firstRowsOf(rows, positions) } };
}

/** What decides whether a row counts. Summed ratings are compared with the minimum once all rows of a pair are known. */
export function rowRules(options: ReadOptions & LogFacts): RowRules {
  const { minRating, sumRatings, newest } = options;
  return { minRating: sumRatings ? undefined : minRating, eventTable: eventTable(options), newest };
}

/** The log of one file. @throws TaurecError `empty-data` where no row is left */
export function logOf(
  file: string,
  read: Read,
  rejects: Rejects,
  options: ReadOptions,
  listed: Pick<ReadReport, 'rejectsFile' | 'skippedRows'>,
): Omit<Interactions, 'sha256' | 'source'> {
  const { belowMinRating, kinds, otherKinds } = read;
  const rows = read.columns.users.length;
  if (rows === 0) {
    const reason = `no interaction is left (${rejects.count} bad rows skipped, ${belowMinRating} below the minimum rating${kinds ? `, ${otherKinds} of kinds that do not count: ${kindsText(kinds)}` : ''})`;
    throw new TaurecError('empty-data', { file, reason });
  }
  const columns = withoutEmptyMeasures(read.columns);
  const { duplicates, ...merged } = mergeDuplicates(columns, options.sumRatings);
  const report = {
    rows: rows + belowMinRating + otherKinds,
    duplicates,
    skipped: rejects.count,
    belowMinRating,
    ...(kinds && { kinds }),
    ...reportOf(read.columns),
    passed: rejects.passed,
    columns: read.read,
    firstRows: read.firstRows,
    ...listed,
  };
  return { ...merged, report };
}
