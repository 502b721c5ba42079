import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TaurecError } from '../errors.ts';
import { readHead } from '../platform/file-head.ts';
import type { FileHead } from '../platform/head.ts';
import { fileSha256, openBytes, openLines, openText } from '../platform/text-stream.ts';
import { type AttributeType, type AttributeValue, columnOf } from './attribute-columns.ts';
import { catalogueColumns, reasonToLeaveOut, typeOf } from './catalogue-columns.ts';
import type { CatalogueTable } from './catalogue-table.ts';
import { withDatabaseFile } from './database/database-file.ts';
import { databasePlace } from './database/database-place.ts';
import { type Duck, eachChunk, identifier, literal, openDuck, scalar } from './formats/duckdb.ts';
import { checkFormat, type Format, guessFormat } from './formats/file-format.ts';
import { RecordSplitter } from './formats/records.ts';
import { delimitedTable, type Layout } from './formats/table.ts';
import { sniffTable } from './formats/table-layout.ts';
import { IdMapBuilder } from './id-map.ts';
import { type Source, shownSource } from './source/source-name.ts';
import { findForeignByte, foreignByte } from './source/text-encoding.ts';
import { withSources } from './source/with-sources.ts';
import type { TitleOptions } from './title-columns.ts';

/**
 * Reads a catalogue of items: ids, titles and attributes, from CSV, TSV, JSON lines or Parquet, as a file, URL or database table (as in `readInteractions`). A text table names its columns in its first line. The id is the column
 * with a usual item name or `id`, else the first; the title one called title or name. Every other column is an attribute, whose type is that of all its values: number, boolean (`true`, `false`), time (ISO 8601, without an offset UTC), list
 * of texts (an array; in text tables also `a|b`, `["a","b"]` and `{a,b}`), otherwise text. Blank is no value.
 * @throws TaurecError `bad-catalogue` for an id that occurs twice or is missing, naming the line; the errors of `readInteractions` for files, databases and columns
 */
export async function readCatalogue(source: Source, options: TitleOptions = {}): Promise<CatalogueTable> {
  checkFormat(options.format ?? 'auto');
  const place = typeof source === 'string' ? databasePlace(source) : undefined;
  if (place) {
    const table = await withDatabaseFile(
      place,
      (names) => names.map((_, at) => at),
      (file) => readFile(file, { id: options.id, title: options.title, format: 'csv', delimiter: ',' }),
    );
    return { ...table, source: place.shown };
  }
  const tables = await withSources(source, options, ({ path }, _, count) => {
    if (count === 1) return readFile(path, options);
    throw new TaurecError('bad-option', { option: 'catalogue', got: `${count} files`, expected: 'one file or table' });
  });
  return { ...tables[0]!, source: shownSource(source) };
}

/** A table in DuckDB, in the order of the file. */
interface Rows {
  /** A FROM clause. */
  readonly from: string;
  readonly columns: readonly RowColumn[];
  /** Lines of the rows that DuckDB could not split into columns. */
  readonly rejects: boolean;
  /** The line on which row `row`, from 0, begins; absent: rows are counted. */
  readonly lineOf?: (row: number) => Promise<number>;
}

interface RowColumn {
  readonly name: string;
  /** An SQL expression of the value. */
  readonly value: string;
  /** The type by DuckDB; absent: text whose type is that of all its values. */
  readonly type?: string;
}

async function readFile(file: string, options: TitleOptions): Promise<CatalogueTable> {
  const head = await readHead(file);
  const guessed = options.format && options.format !== 'auto' ? options.format : guessFormat(file, head);
  // A list of ids and numbers may look like LightGCN text, which has no attributes.
  const format = guessed === 'lightgcn' ? 'csv' : guessed;
  if (head.bytes.length === 0) throw new TaurecError('empty-data', { file, reason: 'the file is empty' });
  const unreadable = (cause: Error): never => {
    if (cause instanceof TaurecError) throw cause;
    const reason = `${cause.message.split('\n', 1)[0]}.`;
    throw new TaurecError('unreadable-file', { file, format, reason }, { cause });
  };
  // Decompressing to the end detects a truncated gzip file.
  if (head.gzip) await fileSha256(file, true).catch(unreadable);
  const foreign = format === 'parquet' ? undefined : await findForeignByte(openBytes(file, head.gzip));
  if (foreign) throw foreignByte(file, foreign);
  const duck = await openDuck();
  try {
    // Errors name lines, so rows must stay in their order.
    await duck.connection.run('SET preserve_insertion_order = true');
    const rows = await rowsOf(duck, file, format, head, options);
    return await readRows(duck, file, format, rows, options);
  } catch (cause) {
    return unreadable(cause as Error);
  } finally {
    await duck.close();
  }
}

function rowsOf(
  duck: Duck,
  file: string,
  format: Exclude<Format, 'lightgcn'>,
  head: FileHead,
  options: TitleOptions,
): Promise<Rows> | Rows {
  if (format === 'parquet') return parquetRows(duck, file, head.gzip);
  return format === 'jsonl' ? jsonRows(duck, file, head.gzip) : textRows(file, format, head, options);
}

/** A delimited text with a header: every column is text. */
function textRows(file: string, format: 'csv' | 'tsv', head: FileHead, options: TitleOptions): Rows {
  const sniffed = sniffTable(file, format, head, { user: 1, item: 1, delimiter: options.delimiter, header: true });
  const { layout, first } = sniffed;
  const { from } = delimitedTable(layout, { user: 0, item: 0 });
  const columns = first.map((name, at) => ({ name, value: `nullif(trim(c${at}, ' \t\r\n'), '')` }));
  return { from, columns, rejects: true, lineOf: (row) => recordLine(layout, row + 1) };
}

/** The line on which record `at` of a text begins, the header being record 0. */
async function recordLine({ path, gzip, delimiter, quote, trim, skip }: Layout, at: number): Promise<number> {
  const splitter = new RecordSplitter(delimiter, { quote, trim });
  const lines: number[] = [];
  const take = (records: Iterable<{ line: number }>) => {
    for (const { line } of records) if (line > skip) lines.push(line);
  };
  for await (const text of openText(path, gzip)) take(splitter.push(text));
  take(splitter.end());
  return lines[at]!;
}

async function jsonRows(duck: Duck, file: string, gzip: boolean): Promise<Rows> {
  const from = `read_json(${literal(file)}, format = 'newline_delimited', records = true, sample_size = -1, compression = '${gzip ? 'gzip' : 'uncompressed'}')`;
  const lineOf = async (row: number) => {
    let [line, left] = [0, row];
    for await (const text of openLines(file, gzip)) {
      line++;
      if (text.trim() !== '' && left-- === 0) break;
    }
    return line;
  };
  return { from, columns: await described(duck, from), rejects: false, lineOf };
}

async function parquetRows(duck: Duck, file: string, gzip: boolean): Promise<Rows> {
  const path = gzip ? join(duck.folder, 'unpacked.parquet') : file;
  if (gzip) await pipeline(openBytes(file, true), createWriteStream(path));
  const from = `read_parquet(${literal(path)}, binary_as_string = true)`;
  return { from, columns: await described(duck, from), rejects: false };
}

async function described(duck: Duck, from: string): Promise<RowColumn[]> {
  const rows = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
  return rows.map(([name, type]) => ({ name: String(name), value: identifier(String(name)), type: String(type) }));
}

/** Reads all rows; rows that cannot be used are errors that name their line. */
async function readRows(
  duck: Duck,
  file: string,
  format: Format,
  { from, columns, rejects, lineOf }: Rows,
  options: TitleOptions,
): Promise<CatalogueTable> {
  const bad = async (row: number, problem: string): Promise<never> => {
    const line = lineOf ? await lineOf(row) : row + 1;
    throw new TaurecError('bad-catalogue', { file, line, ...(!lineOf && { unit: 'row' }), problem });
  };
  const { names, id, title } = catalogueColumns(
    file,
    columns.map(({ name }) => name),
    options,
  );
  const typed = rejects ? await typesOf(duck, from, columns) : columns.map(({ type }) => typeOf(type!));
  const taken: { readonly name: string; readonly type: AttributeType; readonly sql: string }[] = [];
  const leftOut: { name: string; reason: string }[] = [];
  for (const [at, { value, type: given }] of columns.entries()) {
    if (at === id || at === title) continue;
    const name = names[at]!;
    const reason = reasonToLeaveOut(name, at, typed[at], given);
    if (reason !== undefined) leftOut.push({ name, reason });
    else taken.push({ name, type: typed[at]!, sql: expressionOf(typed[at]!, value, given) });
  }
  const textOf = (at: number) => `nullif(trim(CAST(${columns[at]!.value} AS VARCHAR), ' \t\r\n'), '')`;
  const wanted = [textOf(id), ...(title === undefined ? [] : [textOf(title)]), ...taken.map(({ sql }) => sql)];
  const rowOf = new Map<string, number>();
  const titles: string[] = [];
  const values: AttributeValue[][] = taken.map(() => []);
  let wrong: { readonly row: number; readonly problem: string } | undefined;
  await eachChunk(duck, `SELECT ${wanted.join(', ')} FROM ${from}`, (chunk) => {
    const vectors = wanted.map((_, at) => chunk.getColumnVector(at));
    for (let r = 0; r < chunk.rowCount && !wrong; r++) {
      const row = rowOf.size;
      const own = vectors[0]!.getItem(r) as string | null;
      if (own === null) wrong = { row, problem: 'the id is missing' };
      else if (rowOf.has(own)) wrong = { row, problem: `the id ${JSON.stringify(own)} occurs twice` };
      else rowOf.set(own, row);
      let at = 1;
      if (title !== undefined) titles.push((vectors[at++]!.getItem(r) as string | null) ?? '');
      for (const [a, { type }] of taken.entries()) values[a]!.push(cellOf(type, vectors[at++]!.getItem(r)));
    }
  });
  const rejected = rejects ? await scalar(duck, 'SELECT coalesce(min(line), 0) FROM reject_errors') : 0;
  if (rejected > 0) {
    const reason = `line ${rejected} has a different number of fields from the first line.`;
    throw new TaurecError('unreadable-file', { file, format, reason });
  }
  if (wrong) await bad(wrong.row, wrong.problem);
  if (rowOf.size === 0) throw new TaurecError('empty-data', { file, reason: 'it names no items' });
  const ids = new IdMapBuilder();
  for (const own of rowOf.keys()) ids.add(own);
  return {
    source: file,
    ids: ids.build(),
    ...(title !== undefined && { titles }),
    attributes: new Map(taken.map(({ name, type }, a) => [name, columnOf(type, values[a]!)])),
    leftOut,
  };
}

/** The type of each column of text, by all its values. */
async function typesOf(duck: Duck, from: string, columns: readonly RowColumn[]): Promise<AttributeType[]> {
  const tests = columns.map(({ value }) => {
    const all = (condition: string) => `coalesce(bool_and(${condition}) FILTER (${value} IS NOT NULL), false)`;
    return (
      `CASE WHEN ${all(`lower(${value}) IN ('true', 'false', 't', 'f')`)} THEN 'boolean' ` +
      `WHEN ${all(`coalesce(isfinite(TRY_CAST(${value} AS DOUBLE)), false)`)} THEN 'number' ` +
      `WHEN ${all(`TRY_CAST(${value} AS TIMESTAMPTZ) IS NOT NULL`)} THEN 'time' ` +
      `WHEN ${all(`${arrayOf(value)} IS NOT NULL`)} OR coalesce(bool_or(contains(${value}, '|')), false) THEN 'list' ELSE 'text' END`
    );
  });
  const [types] = (await duck.connection.runAndReadAll(`SELECT ${tests.join(', ')} FROM ${from}`)).getRows();
  return types as AttributeType[];
}

/** An SQL expression: the list that a text writes as `["a","b"]` or `{a,b}`; NULL for another text. */
function arrayOf(value: string): string {
  return `CASE WHEN regexp_matches(${value}, '^\\[.*\\]$') THEN TRY_CAST(${value} AS VARCHAR[]) WHEN regexp_matches(${value}, '^\\{.*\\}$') THEN TRY_CAST('[' || ${value}[2:-2] || ']' AS VARCHAR[]) END`;
}

/** An SQL expression of the value as DuckDB's type for an attribute type. `given`: the type that the value has; absent: text. */
function expressionOf(type: AttributeType, value: string, given: string | undefined): string {
  switch (type) {
    case 'number':
      return `TRY_CAST(${value} AS DOUBLE)`;
    case 'boolean':
      return given ? value : `lower(${value}) IN ('true', 't')`;
    case 'time':
      return `epoch(CAST(${value} AS TIMESTAMPTZ))`;
    case 'text':
      return given === 'JSON' ? `nullif(trim(${value} ->> '$'), '')` : `nullif(trim(CAST(${value} AS VARCHAR)), '')`;
    case 'list':
      return given ? `CAST(${value} AS VARCHAR[])` : `coalesce(${arrayOf(value)}, string_split(${value}, '|'))`;
  }
}

/** A value of DuckDB as that of an attribute. */
function cellOf(type: AttributeType, value: unknown): AttributeValue {
  if (value === null || value === undefined) return undefined;
  if (type === 'list') {
    const { items } = value as { readonly items: readonly (string | null)[] };
    return items.flatMap((text) => text?.trim() || []);
  }
  return typeof value === 'number' && !Number.isFinite(value) ? undefined : (value as AttributeValue);
}
