// Reads a log of interactions. DuckDB reads well-formed files in one pass; a file with bad rows is read again, row by row, to report each bad row.

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TaurecError } from '../errors.ts';
import { checkOptions } from '../option.ts';
import { readHead } from '../platform/file-head.ts';
import type { FileHead } from '../platform/head.ts';
import { fileSha256, openBytes, openLines } from '../platform/text-stream.ts';
import { type ColumnPositions, roles } from './columns.ts';
import { databasePlace } from './database/database-place.ts';
import { readDatabase } from './database/read-database.ts';
import { isNumber } from './formats/cells.ts';
import { type Duck, eachChunk, openDuck } from './formats/duckdb.ts';
import { type Encoded, encodeNumbers, encodeTexts } from './formats/encode-table.ts';
import type { EncodedRows } from './formats/encoded-rows.ts';
import type { Format } from './formats/file-format.ts';
import { badCell, unevenLists } from './formats/judge-rows.ts';
import { readLightGcn } from './formats/light-gcn.ts';
import type { Quote } from './formats/records.ts';
import { Rejects } from './formats/rejects.ts';
import { RejectsFile } from './formats/rejects-file.ts';
import { repairDelimited, repairJson } from './formats/repair.ts';
import { delimitedTable, jsonTable, parquetTable, type Table, unfit } from './formats/table.ts';
import type { Interactions } from './interactions.ts';
import {
  type About,
  chooseNamed,
  expiresKinds,
  formatOf,
  type LogFacts,
  logOf,
  pairColumns,
  type Read,
  readLog,
  rowRules,
  sniffDelimited,
  sniffJson,
} from './read-log.ts';
import { type ReadOptions, readSchema } from './read-options.ts';
import { readSources } from './source/read-sources.ts';
import type { Source } from './source/source-name.ts';
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
  if (expiresKinds(options) && source === '-') {
    const expected = 'a source that can be read twice';
    throw new TaurecError('bad-option', { option: 'events', got: 'expires, with standard input', expected });
  }
  return readLog(options, read);
}

/** What the reader of one file is told beyond the options. */
interface FileFacts extends LogFacts {
  /** Set for the temporary copy of a database table, so that messages count rows of the table; see `Rejects`. */
  headerLines?: number;
  /** The name of the rejects file without its ending. Default: that of the file. */
  label?: string;
  /** True when folders named `key=value` in the path are columns (Parquet). */
  hive?: boolean;
}

/** Reads one file. */
async function readFile(file: string, options: ReadOptions & FileFacts): Promise<Interactions> {
  const head = await readHead(file);
  const format = formatOf(file, head, options);
  const list = new RejectsFile(file, options.rejectsDirectory ?? '.', options.label);
  const rejects = new Rejects(file, options.onBadRow ?? 'fail', list, options.headerLines);
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
    return { ...logOf(file, read, rejects, options, { rejectsFile: list.close() }), sha256, source: file };
  } catch (error) {
    // A failed read leaves no rejects file behind.
    list.abandon();
    const code = String((error as NodeJS.ErrnoException).code);
    // Node's zlib errors have codes such as Z_BUF_ERROR and Z_DATA_ERROR.
    if (!code.startsWith('Z_')) throw await namingEncoding(error, file, () => openBytes(file, head.gzip));
    const reason = `the gzip stream is broken or cut off (${(error as Error).message}).`;
    throw new TaurecError('unreadable-file', { file, format, reason }, { cause: error });
  }
}

/** A head, with the quotes that occur anywhere in the file. */
type Head = FileHead & { quotes: Readonly<Record<Quote, boolean>> };

async function readPairs(file: string, gzip: boolean, rejects: Rejects): Promise<Read> {
  const columns = await readLightGcn(openLines(file, gzip), (bad) => rejects.add(bad));
  return { columns, belowMinRating: 0, otherKinds: 0, read: pairColumns };
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
  const { sniffed, about } = sniffDelimited(file, format, head, options);
  const { layout, names, positions, numeric } = sniffed;
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
  const sniffed = sniffJson(file, head, options);
  if (!sniffed) {
    // Without an object in the head the repair pass runs only to report the bad lines; then the error about the file is thrown.
    await repairJson(source, { names: [], positions: { user: 0, item: 1 }, rules: options }, target, rejects);
    throw new TaurecError('empty-data', { file, reason: 'no JSON object was found' });
  }
  const { names, positions, lists, about } = sniffed;
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
  let about: About | undefined;
  // `parquetTable` calls this with the column names and first rows of the file.
  const find = (found: string[], rows: string[][]) => {
    names = found;
    ({ positions, about } = chooseNamed(file, names, rows, options));
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
  const rules = { ...rowRules(options), passOverBad: options.passOverBad };
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
