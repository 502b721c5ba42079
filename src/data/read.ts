// Reads a log of interactions. DuckDB reads well-formed files in one pass; a file with bad rows is read again, row by row, to report each bad row.

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TaurecError } from '../errors.ts';
import { checkOptions } from '../option.ts';
import { type FileHead, readHead } from '../platform/file-head.ts';
import { fileSha256, openBytes, openLines } from '../platform/text-stream.ts';
import { type ColumnPositions, type ColumnsRead, checkRating, chooseColumns, roles } from './columns.ts';
import { databasePlace } from './database/database-place.ts';
import { readDatabase } from './database/read-database.ts';
import { eventTable, kindsText, namesKinds } from './event-kinds.ts';
import { isNumber } from './formats/cells.ts';
import { type Duck, eachChunk, openDuck } from './formats/duckdb.ts';
import { type Encoded, type EncodedRows, encodeNumbers, encodeTexts } from './formats/encode-table.ts';
import { type Format, guessFormat } from './formats/file-format.ts';
import { readLightGcn } from './formats/light-gcn.ts';
import type { Quote } from './formats/records.ts';
import { Rejects } from './formats/rejects.ts';
import { badCell, repairDelimited, repairJson, unevenLists } from './formats/repair.ts';
import { delimitedTable, jsonTable, parquetTable, type Table, unfit } from './formats/table.ts';
import { sniffObjects, sniffTable } from './formats/table-layout.ts';
import { compactIds, type Interactions, mergeDuplicates, selectEntries } from './interactions.ts';
import { type ReadOptions, readSchema } from './read-options.ts';
import { type FirstRows, firstRowsOf, reportOf, withoutEmptyMeasures } from './read-report.ts';
import { latestTime } from './recency-weights.ts';
import type { Source } from './source/expand-source.ts';
import { readSources, type Sibling, sniffSibling } from './source/read-sources.ts';
import { namingEncoding } from './source/text-encoding.ts';

/**
 * Reads a log of interactions from CSV, TSV, JSON lines, JSON arrays, Parquet or LightGCN text, plain or compressed by gzip, zstd or ZIP. The source is a file, a folder, a
 * pattern such as `parts/*.csv`, an `https://` URL, `-` (standard input), or a list of these; several files give the log of all their rows. Or it is a database table or
 * query, named `postgres://…?table=…` or `sqlite:PATH?table=…` (docs/databases.md); then `format`, `delimiter`, `header` and `encoding` have no effect.
 * Ids are texts and stay unchanged ("007" is not 7). If all ids of a column are whole numbers in plain decimal form, they are ordered by number, else by UTF-8
 * bytes. Fields may be quoted; without quotes, spaces around a field do not belong to it. Blank rows and repeated headers are passed over. A row is bad if an id is blank,
 * if a rating, time or weight is not a number (times may be dates), or if its number of fields differs from that of the first row. A rating or time may be blank.
 * Repeated user–item pairs are merged. `report` says which columns were read, and what was passed over.
 * @throws TaurecError `file-not-found`, `unreadable-file`, `packed-file`, `bad-encoding`, `nested-column`, `missing-column`, `unclear-columns`, `same-name`, `bad-row`,
 * `empty-data`, `bad-option`; for URLs also `download-failed`; for databases also `bad-database-place`, `database-unreachable`, `database-login`, `database-failed`
 */
export async function readInteractions(source: Source, options: ReadOptions = {}): Promise<Interactions> {
  checkOptions(readSchema, options);
  const place = typeof source === 'string' ? databasePlace(source) : undefined;
  const read = (facts: ReadOptions & FileFacts) =>
    place ? readDatabase(place, facts, readFile) : readSources(source, facts, readFile);
  const expires = [...(eventTable(options)?.values() ?? [])].some((kind) => kind.expires < Infinity);
  if (expires && source === '-') {
    const expected = 'a source that can be read twice';
    throw new TaurecError('bad-option', { option: 'events', got: 'expires, with standard input', expected });
  }
  // Events expire before the newest one of all files, which the first reading finds.
  const log = await read(
    expires ? { ...options, newest: latestTime(await read(options), 'kinds that expire need') } : options,
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

/** What the reader of one file is told beyond the options. */
interface FileFacts {
  /** Set for the temporary copy of a database table, so that messages count rows of the table; see `Rejects`. */
  headerLines?: number;
  /** The name of the rejects file without its ending. Default: that of the file. */
  label?: string;
  /** Time of the newest event of the source: kinds expire before it. Absent: nothing expires. */
  newest?: number;
  /** True when folders named `key=value` in the path are columns (Parquet). */
  hive?: boolean;
  /** The columns of an earlier file of the same source: a file without a header follows them. */
  sibling?: Sibling;
}

/** Reads one file. */
async function readFile(file: string, options: ReadOptions & FileFacts): Promise<Interactions> {
  const head = await readHead(file);
  const format = options.format && options.format !== 'auto' ? options.format : guessFormat(file, head);
  if (head.bytes.length === 0) throw new TaurecError('empty-data', { file, reason: 'the file is empty' });
  // The options are checked before the file is read: hashing alone takes seconds for large files.
  if (format === 'lightgcn') checkPairsOnly(file, options);
  const rejects = new Rejects(
    file,
    options.onBadRow ?? 'fail',
    options.rejectsDirectory ?? '.',
    options.headerLines,
    options.label,
  );
  try {
    const quotes = { '"': false, "'": false, '': false };
    const sha256 = await fileSha256(file, head.gzip, (piece) => {
      quotes['"'] ||= piece.includes(34);
      quotes["'"] ||= piece.includes(39);
    });
    const read =
      format === 'lightgcn'
        ? await readPairs(file, head.gzip, rejects)
        : await readTable(file, format, { ...head, quotes }, options, rejects);
    const rejectsFile = rejects.close();
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
      rejectsFile,
    };
    return { ...merged, report, sha256, source: file };
  } catch (error) {
    // A failed read leaves no rejects file behind.
    rejects.abandon();
    const code = String((error as NodeJS.ErrnoException).code);
    // Node's zlib errors have codes such as Z_BUF_ERROR and Z_DATA_ERROR.
    if (!code.startsWith('Z_')) throw await namingEncoding(error, file, head.gzip);
    const reason = `the gzip stream is broken or cut off (${(error as Error).message}).`;
    throw new TaurecError('unreadable-file', { file, format, reason }, { cause: error });
  }
}

/** The encoded rows of a file, with the description of the columns read. */
type Read = EncodedRows & { read: ColumnsRead; firstRows?: FirstRows };
/** A head, with the quotes that occur anywhere in the file. */
type Head = FileHead & { quotes: Readonly<Record<Quote, boolean>> };

async function readPairs(file: string, gzip: boolean, rejects: Rejects): Promise<Read> {
  const columns = await readLightGcn(openLines(file, gzip), (bad) => rejects.add(bad));
  const read: ColumnsRead = { user: { position: 1, by: 'format' }, item: { position: 2, by: 'format' }, unread: [] };
  return { columns, belowMinRating: 0, otherKinds: 0, read };
}

/** Reads any format but LightGCN, with a DuckDB instance that lives as long as the read. */
async function readTable(
  file: string,
  format: Exclude<Format, 'lightgcn'>,
  head: Head,
  options: ReadOptions & FileFacts,
  rejects: Rejects,
): Promise<Read> {
  const duck = await openDuck();
  try {
    if (format === 'parquet') return await readParquet(duck, file, head.gzip, options, rejects);
    if (format === 'jsonl') return await readJson(duck, file, head, options, rejects);
    return await readDelimited(duck, file, format, head, options, rejects);
  } finally {
    await duck.close();
  }
}

/** Reads CSV or TSV in at most two passes. @throws TaurecError as `readInteractions` */
async function readDelimited(
  duck: Duck,
  file: string,
  format: 'csv' | 'tsv',
  head: Head,
  options: ReadOptions & FileFacts,
  rejects: Rejects,
): Promise<Read> {
  // The copy of a database table has no spaces but those of its values.
  const trim = options.headerLines === undefined;
  const sniffed = sniffSibling(options.sibling, options, (own) => sniffTable(file, format, head, { ...own, trim }));
  const { layout, names, positions, numeric, columns, rows } = sniffed;
  if (sniffed.empty || !columns) {
    const reason = layout.header ? 'the file has a header and no rows' : 'the file has no rows';
    throw new TaurecError('empty-data', { file, reason });
  }
  checkRating(file, positions, names ?? [], options);
  const about = { read: columns, firstRows: firstRowsOf(rows, positions) };
  const table = delimitedTable(layout, positions, options, { names, quotes: head.quotes[layout.quote] });
  // First pass: DuckDB reads the file as it is. Only if it meets bad or doubtful rows, a second pass copies the good rows to `target` and reports the bad ones.
  const encoded = await attempt(() => encode(duck, table, numeric, options));
  if (encoded && 'columns' in encoded) return { ...encoded, ...about };
  const target = join(duck.folder, 'repaired.csv');
  await repairDelimited(layout, { names, positions, rules: options }, target, rejects);
  // DuckDB keeps rejected rows for all reads of a connection. Dropping its tables keeps those of the first pass from counting again.
  await duck.connection.run('DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans');
  const copy = {
    ...layout,
    path: target,
    gzip: false,
    header: false,
    skip: 0,
    quote: '"',
    trim: false,
    lineEnd: '\n',
  } as const;
  const repaired = delimitedTable(copy, positions, options);
  return { ...(await insist(file, format, () => encode(duck, repaired, numeric, options))), ...about };
}

/** Reads JSON lines in at most two passes, as `readDelimited` does. The columns are the keys in the head of the file. */
async function readJson(
  duck: Duck,
  file: string,
  head: FileHead,
  options: ReadOptions,
  rejects: Rejects,
): Promise<Read> {
  const source = { path: file, gzip: head.gzip };
  const target = join(duck.folder, 'repaired.jsonl');
  // Without an object in the head the repair pass runs only to report the bad lines; then the error about the file is thrown.
  const { names, rows, lists: listed } = sniffObjects(head);
  if (names.length === 0) {
    await repairJson(source, { names, positions: { user: 0, item: 1 }, rules: options }, target, rejects);
    throw new TaurecError('empty-data', { file, reason: 'no JSON object was found' });
  }
  const { positions, columns } = chooseColumns({ file, names, width: names.length, rows }, options);
  checkRating(file, positions, names, options);
  const lists = [...new Set(Object.values(positions))].filter(
    (position) => position !== positions.user && listed.has(names[position]!),
  );
  const about = { read: columns, firstRows: firstRowsOf(rows, positions) };
  const table = jsonTable(file, head.gzip, names, positions, lists, true, options);
  const encoded = await attempt(() => encode(duck, table, false, options));
  if (encoded && 'columns' in encoded) return { ...encoded, ...about };
  await repairJson(source, { names, positions, rules: options }, target, rejects, lists);
  const repaired = jsonTable(target, false, names, positions, lists, false, options);
  return { ...(await insist(file, 'jsonl', () => encode(duck, repaired, false, options))), ...about };
}

/** Reads Parquet. A file compressed as a whole by gzip is unpacked first, because Parquet needs random access. */
async function readParquet(
  duck: Duck,
  file: string,
  gzip: boolean,
  options: ReadOptions & FileFacts,
  rejects: Rejects,
): Promise<Read> {
  let path = file;
  if (gzip) {
    path = join(duck.folder, 'unpacked.parquet');
    await pipeline(openBytes(file, true), createWriteStream(path));
  }
  let positions: ColumnPositions = { user: 0, item: 1 };
  let names: string[] = [];
  let about: Pick<Read, 'read' | 'firstRows'> | undefined;
  // `parquetTable` calls this with the column names and first rows of the file.
  const find = (found: string[], rows: string[][]) => {
    names = found;
    const chosen = chooseColumns({ file, names, width: names.length, rows }, options);
    positions = chosen.positions;
    about = { read: chosen.columns, firstRows: firstRowsOf(rows, positions) };
    checkRating(file, positions, found, options);
    return positions;
  };
  const table = await unreadable(file, 'parquet', () => parquetTable(duck, path, find, file, options.hive, options));
  const encoded = await unreadable(file, 'parquet', () => encode(duck, table, true, options));
  if ('columns' in encoded) return { ...encoded, ...about! };
  // Rows of Parquet have numbers, so SQL selects the bad rows and no repaired copy is needed.
  const present = roles.filter((role) => positions[role] !== undefined);
  const cells = present.map((role) => table.texts[role]).join(', ');
  const doubt = table.doubt ?? 'false';
  const sql = `SELECT file_row_number + 1, ${doubt}, ${cells} FROM ${table.from} WHERE ${unfit(table.cells)} OR ${doubt} ORDER BY file_row_number`;
  await eachChunk(duck, sql, (chunk) => {
    for (let r = 0; r < chunk.rowCount; r++) {
      const [row, isUneven, ...values] = chunk.getRowValues(r);
      const fault = isUneven
        ? unevenLists(Number(row), names[positions.item]!)
        : badCell(Number(row), { names, positions, rules: options }, (position) =>
            String(values[present.findIndex((role) => positions[role] === position)] ?? ''),
          );
      if (fault === 'missing') rejects.passed.missingIds++;
      else if (fault) rejects.add(fault);
    }
  });
  const kept = await insist(file, 'parquet', () => encode(duck, table, false, { ...options, passOverBad: true }));
  return { ...kept, ...about! };
}

/** `passOverBad`: see `EncodeOptions` in encode-table.ts. */
type PassOver = ReadOptions & FileFacts & { passOverBad?: boolean };

/** Encodes ids as indices. If the head of the file suggests integer ids (`numeric`), the fast path for them is tried first; text ids are staged in DuckDB. */
async function encode(duck: Duck, table: Table, numeric: boolean, options: PassOver): Promise<Encoded> {
  const { minRating, sumRatings, passOverBad, newest } = options;
  // Summed ratings are compared with the minimum once all rows of a pair are known.
  const rules = { minRating: sumRatings ? undefined : minRating, eventTable: eventTable(options), newest, passOverBad };
  // The fast path takes every whole number for an id, so none may mean "missing".
  const fast = numeric && !options.nullValues?.some((text) => isNumber(text));
  return (fast ? await encodeNumbers(duck, table, rules) : undefined) ?? encodeTexts(duck, table, rules);
}

/** Runs `work`. Returns undefined if DuckDB cannot read the table at all; its rows are then checked one by one, like those of a table with bad rows. */
async function attempt(work: () => Promise<Encoded>): Promise<Encoded | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TaurecError) throw error;
    return undefined;
  }
}

/** Encodes a table without bad rows. Any bad row at this point means that the whole file is in another format. @throws TaurecError `unreadable-file` */
async function insist(file: string, format: Format, work: () => Promise<Encoded>): Promise<EncodedRows> {
  const encoded = await unreadable(file, format, work);
  if ('columns' in encoded) return encoded;
  throw new TaurecError('unreadable-file', { file, format, reason: `${encoded.bad} rows are not in that format.` });
}

/** Turns DuckDB's errors into `unreadable-file`, with the first line of DuckDB's message as the reason. */
async function unreadable<T>(file: string, format: Format, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof TaurecError) throw cause;
    const reason = (cause as Error).message.split('\n', 1)[0]!;
    throw new TaurecError('unreadable-file', { file, format, reason }, { cause });
  }
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
