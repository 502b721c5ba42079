// Rows of tables that are no logs: titles and catalogues.

import { checkFormat, type Format, guessFormat } from '../../data/formats/file-format.ts';
import { objectOf } from '../../data/formats/judge-rows.ts';
import { RecordSplitter, type TextRecord } from '../../data/formats/records.ts';
import type { Layout } from '../../data/formats/table.ts';
import { findForeignByte, foreignByte } from '../../data/source/text-encoding.ts';
import type { TitleOptions } from '../../data/title-columns.ts';
import { TaurecError } from '../../errors.ts';
import type { FileHead } from '../../platform/head.ts';
import { linesOf, textOf } from '../../platform/text-pieces.ts';
import type { PageShelf } from './page-shelf.ts';
import type { NamedBlob } from './page-source.ts';

/** A file of a table of items, and what its head says. */
export interface ItemFile {
  readonly file: NamedBlob;
  readonly head: FileHead;
  readonly format: Exclude<Format, 'lightgcn'>;
}

/** Opens a table of items. @throws TaurecError `empty-data`, `bad-encoding`, `unreadable-file` for a gzip stream that is cut off */
export async function openItems(shelf: PageShelf, file: NamedBlob, options: TitleOptions): Promise<ItemFile> {
  checkFormat(options.format ?? 'auto');
  const head = await shelf.head(file);
  const guessed = options.format && options.format !== 'auto' ? options.format : guessFormat(file.name, head);
  // LightGCN text has no titles. A list of ids and numbers may look like it, so it is read as a table.
  const format = guessed === 'lightgcn' ? 'csv' : guessed;
  if (head.bytes.length === 0) throw new TaurecError('empty-data', { file: file.name, reason: 'the file is empty' });
  const foreign = await findForeignByte(shelf.bytes(file, head.gzip)).catch((cause: Error): never => {
    if (cause instanceof TaurecError) throw cause;
    throw new TaurecError('unreadable-file', { file: file.name, format, reason: `${cause.message}.` }, { cause });
  });
  if (format === 'parquet') {
    const plain = head.gzip ? await shelf.keep(shelf.bytes(file, true), () => file.name) : file;
    return { file: plain, head, format };
  }
  if (foreign) throw foreignByte(file.name, foreign);
  return { file, head, format };
}

/** The rows of a delimited text after its header. @throws TaurecError `unreadable-file` at the end, for a line with another number of fields */
export async function* recordsOf(
  shelf: PageShelf,
  { file, head, format }: ItemFile,
  layout: Layout,
): AsyncGenerator<TextRecord> {
  const { delimiter, quote, trim, header, skip, width } = layout;
  const splitter = new RecordSplitter(delimiter, { quote, trim });
  let isHeader = header;
  let odd = 0;
  function* take(records: Iterable<TextRecord>): Iterable<TextRecord> {
    for (const record of records) {
      if (record.line <= skip) continue;
      if (isHeader) isHeader = false;
      else if (record.fields.length === width && !record.broken) yield record;
      else odd ||= record.line;
    }
  }
  for await (const text of textOf(shelf.bytes(file, head.gzip))) yield* take(splitter.push(text));
  yield* take(splitter.end());
  if (odd === 0) return;
  const reason = `line ${odd} has a different number of fields from the first line.`;
  throw new TaurecError('unreadable-file', { file: file.name, format, reason });
}

/** The objects of JSON lines, with the texts of their lines. @throws TaurecError `unreadable-file` for a line that is none */
export async function* objectsOf(
  shelf: PageShelf,
  { file, head, format }: ItemFile,
): AsyncGenerator<{ line: number; text: string; object: Record<string, unknown> }> {
  let line = 0;
  for await (const text of linesOf(textOf(shelf.bytes(file, head.gzip)))) {
    line++;
    if (text.trim() === '') continue;
    const object = objectOf(text);
    if (!object)
      throw new TaurecError('unreadable-file', { file: file.name, format, reason: `line ${line} is no JSON object.` });
    yield { line, text, object };
  }
}
