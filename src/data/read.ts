// Reads a log of interactions. DuckDB reads well-formed files in one pass; a file with bad rows is read again, row by row, to report each bad row.

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { TaurecError } from '../errors.ts';
import { checkOptions, type DeclaredOption, declaredOptions, finite, oneOf, option, textWhere } from '../option.ts';
import { type FileHead, readHead } from '../platform/file-head.ts';
import { fileSha256, openBytes, openLines } from '../platform/text-stream.ts';
import { type ColumnPositions, type ColumnsRead, checkRating, chooseColumns, columnShape, roles } from './columns.ts';
import { databasePlace } from './database/database-place.ts';
import { readDatabase } from './database/read-database.ts';
import { type Duck, eachChunk, openDuck } from './formats/duckdb.ts';
import { type Encoded, encodeNumbers, encodeTexts } from './formats/encode-table.ts';
import { type Format, formats, guessFormat } from './formats/file-format.ts';
import { readLightGcn } from './formats/light-gcn.ts';
import type { Quote } from './formats/records.ts';
import { Rejects } from './formats/rejects.ts';
import { badCell, repairDelimited, repairJson } from './formats/repair.ts';
import { delimitedTable, jsonTable, parquetTable, type Table, unfit } from './formats/table.ts';
import { sniffKeys, sniffTable } from './formats/table-layout.ts';
import { isTimeFormat, timeCodes } from './formats/time-format.ts';
import { type Interactions, mergeDuplicates, type RawColumns } from './interactions.ts';
import { type FirstRows, firstRowsOf, reportOf, withoutEmptyMeasures } from './read-report.ts';

const group = 'Reading data:';

/** The declarations of all options for reading a log. */
export const readShape = {
  ...columnShape,
  /** Minimum rating: rows with a lower rating are dropped. Needs a rating column. Default: all rows are kept. */
  minRating: option(finite.optional(), {
    group,
    flag: '--min-rating <number>',
    help: 'keep only rows with at least this rating',
  }),
  /** File format. Default 'auto': detected from the content, then from the name (`guessFormat`). Gzip is always detected. */
  format: option(oneOf(['auto', ...formats]).optional(), {
    group,
    flag: '--format <name>',
    help: 'file format (default: detected)',
  }),
  /** Field separator of a table, one to four characters. Default: tab for .tsv, else the most frequent of `::` tab `,` `;` `|` or a space in the first line. */
  delimiter: option(
    textWhere('one to four characters, no quote or line end', (x) => /^[^"\r\n]{1,4}$/.test(x)).optional(),
    { group, flag: '--delimiter <text>', help: 'field separator (default: detected)' },
  ),
  /** The character that encloses fields of a table. Default: none where tabs separate fields; `'` where it encloses every field of the first line; else `"`. A field over several lines that look like rows is a bad row, unless the quote is named here. */
  quote: option(oneOf(['none', '"', "'"]).optional(), {
    group,
    flag: '--quote <character>',
    help: 'character around fields (default: none with tabs, else detected)',
  }),
  /** Decimal separator of ratings, times and weights. Default '.'. */
  decimal: option(oneOf(['.', ',']).optional(), {
    group,
    flag: '--decimal <character>',
    help: 'decimal separator of numbers (default: .)',
  }),
  /** Format of the times, as strptime codes: `%d/%m/%Y %H:%M`. Default: numbers, ISO dates, `2024/05/31`, `31.05.2024`, and times that end with UTC. */
  timeFormat: option(
    textWhere(
      `codes of year, month and day, with text between them, such as %d/%m/%Y %H:%M; known: ${timeCodes}`,
      isTimeFormat,
    ).optional(),
    {
      group,
      flag: '--time-format <text>',
      help: 'format of times, such as "%d/%m/%Y %H:%M" (default: numbers and ISO dates)',
    },
  ),
  /** Texts that mean "missing". A row with such an id is left out and counted; such a rating or time counts as blank. Default: none. */
  nullValues: option(z.array(z.string(), { error: 'a list of texts' }).optional(), {
    group,
    flag: '--null-values <texts>',
    help: 'texts that mean a missing value: NULL,NaN',
  }),
  /** True if the first record holds column names. Default 'auto': detected (`sniffTable`). */
  header: option(z.union([z.literal('auto'), z.boolean()], { error: "true, false or 'auto'" }).optional(), {
    group,
    flag: '--header',
    help: 'the first line holds column names (default: detected)',
    opposite: 'the first line is data',
  }),
  /** Handling of bad rows: 'fail' (default) throws an error with file, line and column; 'skip' leaves them out and lists them in a rejects file. */
  onBadRow: option(oneOf(['fail', 'skip']).optional(), {
    group,
    flag: '--on-bad-row <what>',
    help: 'unreadable rows: stop, or skip them and list them in a file',
  }),
  /** Folder for the rejects file, `<file name>.rejects.csv`. Default: the current folder. */
  rejectsDirectory: option(z.string({ error: 'a folder' }).optional(), {
    group,
    flag: '--rejects-directory <folder>',
    help: 'folder for the file of skipped rows (default: the current folder)',
  }),
};

const schema = z.object(readShape);

/** All options for reading a log with their paths. */
export const readOptions: readonly DeclaredOption[] = declaredOptions(readShape);

/** Options for reading a log: columns, format and handling of bad rows. All are optional. */
export type ReadOptions = z.input<typeof schema>;

/**
 * Reads a log of interactions from a CSV, TSV, JSON lines, Parquet or LightGCN file, plain or gzip, or from a database table or query, named
 * `postgres://…?table=…` or `sqlite:PATH?table=…` (docs/databases.md). For databases `format`, `delimiter` and `header` have no effect.
 * Ids are texts and stay unchanged ("007" is not 7). If all ids of a column are whole numbers in plain decimal form, they are ordered by number, else by UTF-8
 * bytes. Fields may be quoted; without quotes, spaces around a field do not belong to it. Blank rows and repeated headers are passed over. A row is bad if an id is blank,
 * if a rating, time or weight is not a number (times may be dates), or if its number of fields differs from that of the first row. A rating or time may be blank.
 * Repeated user–item pairs are merged. `report` says which columns were read, and what was passed over.
 * @throws TaurecError `file-not-found`, `unreadable-file`, `missing-column`, `unclear-columns`, `same-name`, `bad-row`, `empty-data`, `bad-option`; for databases also `bad-database-place`,
 * `database-unreachable`, `database-login`, `database-failed`
 */
export async function readInteractions(source: string, options: ReadOptions = {}): Promise<Interactions> {
  checkOptions(schema, options);
  const place = databasePlace(source);
  return place ? readDatabase(place, options, readFile) : readFile(source, options);
}

/** Reads one file. `headerLines` (see `Rejects`) is set for the temporary copy of a database table, so that messages count rows of the table. */
async function readFile(file: string, options: ReadOptions & { headerLines?: number }): Promise<Interactions> {
  const head = await readHead(file);
  const format = options.format && options.format !== 'auto' ? options.format : guessFormat(file, head);
  if (head.bytes.length === 0) throw new TaurecError('empty-data', { file, reason: 'the file is empty' });
  // The options are checked before the file is read: hashing alone takes seconds for large files.
  if (format === 'lightgcn') checkPairsOnly(file, options);
  const rejects = new Rejects(file, options.onBadRow ?? 'fail', options.rejectsDirectory ?? '.', options.headerLines);
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
    const { belowMinRating } = read;
    const rows = read.columns.users.length;
    if (rows === 0) {
      const reason = `no interaction is left (${rejects.count} bad rows skipped, ${belowMinRating} below the minimum rating)`;
      throw new TaurecError('empty-data', { file, reason });
    }
    const columns = withoutEmptyMeasures(read.columns);
    const { duplicates, ...merged } = mergeDuplicates(columns);
    const report = {
      rows: rows + belowMinRating,
      duplicates,
      skipped: rejects.count,
      belowMinRating,
      ...reportOf(read.columns, merged),
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
    if (!code.startsWith('Z_')) throw error;
    const reason = `the gzip stream is broken or cut off (${(error as Error).message}).`;
    throw new TaurecError('unreadable-file', { file, format, reason }, { cause: error });
  }
}

/** The columns of the kept rows, before duplicates are merged, with the number of rows that `minRating` dropped. */
type Columns = { columns: RawColumns; belowMinRating: number };
/** `Columns` with the description of the columns read. */
type Read = Columns & { read: ColumnsRead; firstRows?: FirstRows };
/** A head, with the quotes that occur anywhere in the file. */
type Head = FileHead & { quotes: Readonly<Record<Quote, boolean>> };

async function readPairs(file: string, gzip: boolean, rejects: Rejects): Promise<Read> {
  const columns = await readLightGcn(openLines(file, gzip), (bad) => rejects.add(bad));
  const read: ColumnsRead = { user: { position: 1, by: 'format' }, item: { position: 2, by: 'format' }, unread: [] };
  return { columns, belowMinRating: 0, read };
}

/** Reads any format but LightGCN, with a DuckDB instance that lives as long as the read. */
async function readTable(
  file: string,
  format: Exclude<Format, 'lightgcn'>,
  head: Head,
  options: ReadOptions & { headerLines?: number },
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
  options: ReadOptions & { headerLines?: number },
  rejects: Rejects,
): Promise<Read> {
  // The copy of a database table has no spaces but those of its values.
  const trim = options.headerLines === undefined;
  const sniffed = sniffTable(file, format, head, { ...options, trim });
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
  const { names, rows } = sniffKeys(head);
  if (names.length === 0) {
    await repairJson(source, { names, positions: { user: 0, item: 1 }, rules: options }, target, rejects);
    throw new TaurecError('empty-data', { file, reason: 'no JSON object was found' });
  }
  const { positions, columns } = chooseColumns({ file, names, width: names.length, rows }, options);
  checkRating(file, positions, names, options);
  const about = { read: columns, firstRows: firstRowsOf(rows, positions) };
  const table = jsonTable(file, head.gzip, names, positions, options);
  const encoded = await attempt(() => encode(duck, table, false, options));
  if (encoded && 'columns' in encoded) return { ...encoded, ...about };
  await repairJson(source, { names, positions, rules: options }, target, rejects);
  const repaired = jsonTable(target, false, names, positions, options);
  return { ...(await insist(file, 'jsonl', () => encode(duck, repaired, false, options))), ...about };
}

/** Reads Parquet. A file compressed as a whole by gzip is unpacked first, because Parquet needs random access. */
async function readParquet(
  duck: Duck,
  file: string,
  gzip: boolean,
  options: ReadOptions,
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
  const table = await unreadable(file, 'parquet', () => parquetTable(duck, path, find, options));
  const encoded = await unreadable(file, 'parquet', () => encode(duck, table, true, options));
  if ('columns' in encoded) return { ...encoded, ...about! };
  // Rows of Parquet have numbers, so SQL selects the bad rows and no repaired copy is needed.
  const present = roles.filter((role) => positions[role] !== undefined);
  const cells = present.map((role) => table.texts[role]).join(', ');
  const sql = `SELECT file_row_number + 1, ${cells} FROM ${table.from} WHERE ${unfit(table.cells)} ORDER BY file_row_number`;
  await eachChunk(duck, sql, (chunk) => {
    for (let r = 0; r < chunk.rowCount; r++) {
      const [row, ...values] = chunk.getRowValues(r);
      const fault = badCell(Number(row), { names, positions, rules: options }, (position) =>
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
type PassOver = ReadOptions & { passOverBad?: boolean };

/** Encodes ids as indices. If the head of the file suggests integer ids (`numeric`), the fast path for them is tried first; text ids are staged in DuckDB. */
async function encode(duck: Duck, table: Table, numeric: boolean, options: PassOver): Promise<Encoded> {
  return (numeric ? await encodeNumbers(duck, table, options) : undefined) ?? encodeTexts(duck, table, options);
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
async function insist(file: string, format: Format, work: () => Promise<Encoded>): Promise<Columns> {
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
  const { rating, time, weight, minRating } = options;
  for (const [role, got] of Object.entries({ rating: rating ?? minRating, time, weight })) {
    if (got === undefined || got === false) continue;
    throw new TaurecError('missing-column', {
      file,
      got,
      role,
      columns: ['user', 'item (LightGCN text has no others)'],
    });
  }
}
