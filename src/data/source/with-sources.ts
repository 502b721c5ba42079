// Gives a reader the files of a source one after another, each as a plain or gzip file of a format that the readers know.

import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type * as z from 'zod';
import { TaurecError } from '../../errors.ts';
import { numberWhere, option, textWhere } from '../../option.ts';
import { headText, readHead } from '../../platform/file-head.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../platform/temporary-folder.ts';
import { download, saveStandardInput } from './download.ts';
import { expandSource, type Found, type Source, shownSource } from './expand-source.ts';
import { arrayToLines, isJsonArray } from './json-array.ts';
import { decodeFile, encodingOf, isEncoding } from './text-encoding.ts';
import { unpack } from './unpack.ts';

const group = 'Reading data:';

/** The declarations of the options that concern the bytes of a source. */
export const sourceShape = {
  /** Encoding of the text: a label of the WHATWG encoding standard, such as `latin1`, `windows-1251` or `utf-16le`. A byte-order mark wins. Default 'auto': UTF-8, and UTF-16 by its byte-order mark. */
  encoding: option(
    textWhere(
      'auto, utf-8, utf-16le, latin1, windows-1252 or another encoding',
      (x) => x === 'auto' || isEncoding(x),
    ).optional(),
    {
      group,
      flag: '--encoding <name>',
      help: 'text encoding, such as latin1 or utf-16le (default: UTF-8, or by the byte-order mark)',
    },
  ),
  /** Maximum size of a download from a URL, in megabytes (10⁶ bytes). Default 4,000. */
  downloadLimit: option(numberWhere('a number above 0', (x) => x > 0).optional(), {
    group,
    flag: '--download-limit <megabytes>',
    help: 'largest file to download from a URL, in MB (default: 4000)',
  }),
};

type SourceOptions = z.input<z.ZodObject<typeof sourceShape>> & { format?: string };

/** A file that is ready for a reader. */
export interface SourceFile {
  /** The file to open: plain or gzip, text in UTF-8, no JSON array. */
  readonly path: string;
  /** The file that `path` was made from, on disk: the same, or a download, archive, array or text in another encoding. */
  readonly original: string;
  /** The name of the file in messages and records. */
  readonly shown: string;
  /** The name of the file as one part of a path, different for all files of the source. */
  readonly label: string;
  /** True for a part of a folder or pattern, whose folders may be named `key=value` (Hive partitions). */
  readonly partitioned: boolean;
}

/**
 * Prepares the files of a source and calls `use` with each, one after another. Errors that name the prepared file get the name and the unit of the original.
 * @returns the results, in the order of the files
 * @throws TaurecError `file-not-found`, `download-failed`, `packed-file`, `bad-encoding`, `unreadable-file`, and what `use` throws
 */
export async function withSources<T>(
  source: Source,
  options: SourceOptions,
  use: (file: SourceFile, at: number, count: number) => Promise<T>,
): Promise<T[]> {
  const files = await expandSource(source);
  const labels = labelsOf(files);
  const folder = await temporaryFolder();
  const results: T[] = [];
  try {
    for (const [at, file] of files.entries()) {
      // Each file has its own folder, so that the copies of one are gone before the next is prepared.
      const own = join(folder, String(at));
      await mkdir(own);
      results.push(await withFile(file, labels[at]!, own, options, (prepared) => use(prepared, at, files.length)));
      await rm(own, { recursive: true, force: true });
    }
  } finally {
    await removeTemporaryFolder(folder);
  }
  return results;
}

async function withFile<T>(
  file: Found,
  label: string,
  folder: string,
  options: SourceOptions,
  use: (file: SourceFile) => Promise<T>,
): Promise<T> {
  const shown = shownSource(file.name);
  const original =
    file.kind === 'url'
      ? await download(file.name, folder, (options.downloadLimit ?? 4000) * 1e6)
      : file.kind === 'stdin'
        ? await saveStandardInput(folder)
        : file.name;
  const { path, unit } = await prepare(original, shown, folder, options);
  try {
    return await use({ path, original, shown, label, partitioned: file.within !== undefined });
  } catch (error) {
    throw named(error, path, shown, unit);
  }
}

/** Names for the rejects files: the names of the files, with their folders where a folder or pattern was named, numbered where two are the same. */
function labelsOf(files: readonly Found[]): string[] {
  const names = files.map(({ name, within }) => within?.replaceAll(/[/\\]+/g, '-') ?? basename(shownSource(name)));
  return names.map((name, at) => (names.indexOf(name) < at ? `${at + 1}-${name}` : name));
}

/** Unpacks, decodes and splits a file where it needs that. `unit` is what a line of the result is, where it is no line of the file. */
async function prepare(
  original: string,
  shown: string,
  folder: string,
  { encoding, format = 'auto' }: SourceOptions,
): Promise<{ path: string; unit?: string }> {
  // `readHead` reports a missing file; its name is the user's.
  await readHead(original).catch((error) => {
    if (!(error instanceof TaurecError) || error.code !== 'unreadable-file') throw named(error, original, shown);
  });
  let path = (await unpack(original, shown, folder)) ?? original;
  let head = await readHead(path).catch((error) => {
    throw named(error, path, shown);
  });
  const isParquet = new TextDecoder('latin1').decode(head.bytes.subarray(0, 4)) === 'PAR1';
  const foreign = isParquet || format === 'parquet' ? undefined : encodingOf(shown, head, encoding);
  if (foreign !== undefined) {
    const decoded = join(folder, 'decoded', basename(path).replace(/\.gz$/i, ''));
    await mkdir(join(folder, 'decoded'));
    await decodeFile(path, head.gzip, foreign, decoded);
    path = decoded;
    head = await readHead(path);
  }
  if (isParquet || !/^(auto|jsonl)$/.test(format) || !isJsonArray(headText(head))) return { path };
  const lines = join(folder, 'elements', `${basename(path).replace(/(\.gz|\.json)+$/i, '')}.jsonl`);
  await mkdir(join(folder, 'elements'));
  await arrayToLines(path, head.gzip, shown, lines);
  return { path: lines, unit: 'element' };
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
