import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TaurecError } from '../errors.ts';
import { readHead } from '../platform/file-head.ts';
import type { FileHead } from '../platform/head.ts';
import { fileSha256, openBytes } from '../platform/text-stream.ts';
import { withDatabaseFile } from './database/database-file.ts';
import { databasePlace } from './database/database-place.ts';
import { type Duck, eachChunk, openDuck, scalar } from './formats/duckdb.ts';
import { checkFormat, type Format, guessFormat } from './formats/file-format.ts';
import { delimitedTable, jsonTable, parquetTable, type Table } from './formats/table.ts';
import { sniffObjects } from './formats/table-layout.ts';
import type { IdMap } from './id-map.ts';
import type { Source } from './source/source-name.ts';
import { findForeignByte, foreignByte } from './source/text-encoding.ts';
import { withSources } from './source/with-sources.ts';
import { findTitleColumns, sniffTitles, type TitleOptions } from './title-columns.ts';

/**
 * Reads item titles from CSV, TSV, JSON or Parquet, from files or a database table, as in `readInteractions`. Returns them by item index,
 * '' for an item without a title. Rows of items that `items` does not contain are skipped; when an item occurs twice, one of its titles is kept.
 * @throws TaurecError the errors of `readInteractions` for files, databases and columns
 */
export async function readTitles(source: Source, items: IdMap, options: TitleOptions = {}): Promise<string[]> {
  checkFormat(options.format ?? 'auto');
  const place = typeof source === 'string' ? databasePlace(source) : undefined;
  if (!place) {
    const lists = await withSources(source, options, ({ path }) => readFile(path, items, options));
    return lists.reduce((all, list) => all.map((title, item) => list[item] || title));
  }
  const choose = (names: readonly string[]) => {
    const { user, item } = findTitleColumns(place.shown, names, names.length, options);
    return [user, item];
  };
  return withDatabaseFile(place, choose, (file) =>
    readFile(file, items, { id: 1, title: 2, format: 'csv', delimiter: ',', header: true }),
  );
}

async function readFile(file: string, items: IdMap, options: TitleOptions): Promise<string[]> {
  const head = await readHead(file);
  const guessed = options.format && options.format !== 'auto' ? options.format : guessFormat(file, head);
  // LightGCN text has no titles. A list of ids and numbers may look like it, so it is read as a table.
  const format = guessed === 'lightgcn' ? 'csv' : guessed;
  const titles = new Array<string>(items.size).fill('');
  if (head.bytes.length === 0) throw new TaurecError('empty-data', { file, reason: 'the file is empty' });
  // Decompressing to the end detects a truncated gzip file.
  if (head.gzip) await fileSha256(file, true).catch((cause) => unreadable(file, format, cause));
  const foreign = format === 'parquet' ? undefined : await findForeignByte(openBytes(file, head.gzip));
  if (foreign) throw foreignByte(file, foreign);
  const duck = await openDuck();
  try {
    const table = await titleTable(duck, file, format, head, options);
    await eachChunk(duck, `SELECT ${table.texts.user}, ${table.texts.item} FROM ${table.from}`, (chunk) => {
      const [ids, texts] = [chunk.getColumnVector(0), chunk.getColumnVector(1)];
      for (let r = 0; r < chunk.rowCount; r++) {
        const index = items.indexOf((ids.getItem(r) as string | null) ?? '');
        if (index >= 0) titles[index] = ((texts.getItem(r) as string | null) ?? '').trim();
      }
    });
    const rejected = table.rejects ? await scalar(duck, 'SELECT coalesce(min(line), 0) FROM reject_errors') : 0;
    if (rejected > 0) {
      throw new TaurecError('unreadable-file', {
        file,
        format,
        reason: `line ${rejected} has a different number of fields from the first line.`,
      });
    }
  } catch (cause) {
    if (cause instanceof TaurecError) throw cause;
    throw new TaurecError(
      'unreadable-file',
      { file, format, reason: (cause as Error).message.split('\n', 1)[0] },
      { cause },
    );
  } finally {
    await duck.close();
  }
  return titles;
}

function unreadable(file: string, format: Format, cause: Error): never {
  throw new TaurecError('unreadable-file', { file, format, reason: `${cause.message.split('\n', 1)[0]}.` }, { cause });
}

async function titleTable(
  duck: Duck,
  file: string,
  format: Exclude<Format, 'lightgcn'>,
  head: FileHead,
  options: TitleOptions,
): Promise<Table> {
  const find = (names: readonly string[] | undefined, width: number) => findTitleColumns(file, names, width, options);
  if (format === 'parquet') {
    const path = head.gzip ? join(duck.folder, 'unpacked.parquet') : file;
    if (head.gzip) await pipeline(openBytes(file, true), createWriteStream(path));
    return parquetTable(duck, path, (names) => find(names, names.length));
  }
  if (format === 'jsonl') {
    const { names } = sniffObjects(head);
    return jsonTable(file, head.gzip, names, find(names, names.length));
  }
  const { layout, first } = sniffTitles(file, format, head, options);
  return delimitedTable(layout, find(layout.header ? first : undefined, layout.width));
}
