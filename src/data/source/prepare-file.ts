// Makes a file readable: unpacked, in UTF-8, and lines instead of a JSON array.

import type * as z from 'zod';
import { TaurecError } from '../../errors.ts';
import { numberWhere, option, textWhere } from '../../option.ts';
import { headText } from '../../platform/head.ts';
import { textOf } from '../../platform/text-pieces.ts';
import { elementLines, isJsonArray } from './json-array.ts';
import type { Shelf } from './shelf.ts';
import { encodingOf, isEncoding } from './text-encoding.ts';
import { unpack } from './unpack.ts';

const group = 'Reading data:';

/** The declarations of the options that concern the bytes of a source. */
export const sourceShape = {
  /** Encoding of the text: a label of the WHATWG encoding standard, such as `latin1`, `windows-1251` or `utf-16le`. A byte-order mark wins. Default 'auto': UTF-8, and UTF-16 by its byte-order mark. */
  encoding: option(
    textWhere(
      'auto, utf-8, utf-16le, latin1, windows-1252 or another encoding',
      (x) => x === 'auto' || isEncoding(x),
    ).default('auto'),
    {
      group,
      flag: '--encoding <name>',
      help: 'text encoding, such as latin1 or utf-16le (default: UTF-8, or by the byte-order mark)',
    },
  ),
  /** Maximum size of a download from a URL, in megabytes (10⁶ bytes). Default 4,000. */
  downloadLimit: option(numberWhere('a number above 0', (x) => x > 0).default(4000), {
    group,
    flag: '--download-limit <megabytes>',
    help: 'largest file to download from a URL, in MB',
  }),
};

/** The options that concern the bytes of a source. */
export type SourceOptions = z.input<z.ZodObject<typeof sourceShape>> & { format?: string };

/**
 * Unpacks, decodes and splits a file where it needs that, and calls `use` with the result: plain or gzip, text in UTF-8, no JSON array. Errors that name the prepared file
 * get the name `shown`, and the unit of the original.
 * @throws TaurecError `file-not-found`, `packed-file`, `bad-encoding`, `unreadable-file`, and what `use` throws
 */
export async function withPrepared<F, T>(
  shelf: Shelf<F>,
  original: F,
  shown: string,
  options: SourceOptions,
  use: (file: F) => Promise<T>,
): Promise<T> {
  const { file, unit } = await prepare(shelf, original, shown, options);
  try {
    return await use(file);
  } catch (error) {
    throw named(error, shelf.nameOf(file), shown, unit);
  }
}

/** `unit` is what a line of the result is, where it is no line of the file. */
async function prepare<F>(
  shelf: Shelf<F>,
  original: F,
  shown: string,
  { encoding, format = 'auto' }: SourceOptions,
): Promise<{ file: F; unit?: string }> {
  // `head` reports a missing file; its name is the user's.
  await shelf.head(original).catch((error) => {
    if (!(error instanceof TaurecError) || error.code !== 'unreadable-file')
      throw named(error, shelf.nameOf(original), shown);
  });
  let file = (await unpack(shelf, original, shown)) ?? original;
  let head = await shelf.head(file).catch((error) => {
    throw named(error, shelf.nameOf(file), shown);
  });
  const isParquet = new TextDecoder('latin1').decode(head.bytes.subarray(0, 4)) === 'PAR1';
  const foreign = isParquet || format === 'parquet' ? undefined : encodingOf(shown, head, encoding);
  if (foreign !== undefined) {
    const name = shelf.nameOf(file).replace(/\.gz$/i, '');
    file = await shelf.keep(textOf(shelf.bytes(file, head.gzip), foreign), () => name);
    head = await shelf.head(file);
  }
  if (isParquet || !/^(auto|jsonl)$/.test(format) || !isJsonArray(headText(head))) return { file };
  const name = `${shelf.nameOf(file).replace(/(\.gz|\.json)+$/i, '')}.jsonl`;
  const lines = elementLines(textOf(shelf.bytes(file, head.gzip)), shown);
  return { file: await shelf.keep(lines, () => name), unit: 'element' };
}

/** The error under the name of the original file. */
function named(error: unknown, path: string, shown: string, unit?: string): unknown {
  if (!(error instanceof TaurecError) || error.facts.file !== path || (path === shown && !unit)) return error;
  const { facts } = error;
  return new TaurecError(
    error.code,
    { ...facts, file: shown, ...(unit && facts.line !== undefined && { unit }) },
    { cause: error.cause },
  );
}
