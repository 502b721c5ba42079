// Gives a reader the files of a source one after another, each as a plain or gzip file of a format that the readers know.

import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readHead } from '../../platform/file-head.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../platform/temporary-folder.ts';
import { openBytes } from '../../platform/text-stream.ts';
import { download, saveStandardInput } from './download.ts';
import { expandSource, type Found } from './expand-source.ts';
import { type SourceOptions, withPrepared } from './prepare-file.ts';
import type { Shelf } from './shelf.ts';
import { type Source, shownSource } from './source-name.ts';

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
  return withFound(await expandSource(source), options, use);
}

/** As `withSources`, for the first file alone: no other is downloaded or unpacked. */
export async function withFirstSource<T>(
  source: Source,
  options: SourceOptions,
  use: (file: SourceFile) => Promise<T>,
): Promise<T> {
  const [result] = await withFound((await expandSource(source)).slice(0, 1), options, use);
  return result!;
}

async function withFound<T>(
  files: readonly Found[],
  options: SourceOptions,
  use: (file: SourceFile, at: number, count: number) => Promise<T>,
): Promise<T[]> {
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
  return withPrepared(diskShelf(folder), original, shown, options, (path) =>
    use({ path, original, shown, label, partitioned: file.within !== undefined }),
  );
}

/** Names for the rejects files: the names of the files, with their folders where a folder or pattern was named, numbered where two are the same. */
function labelsOf(files: readonly Found[]): string[] {
  const names = files.map(({ name, within }) => within?.replaceAll(/[/\\]+/g, '-') ?? basename(shownSource(name)));
  return names.map((name, at) => (names.indexOf(name) < at ? `${at + 1}-${name}` : name));
}

/** Files on disk; copies go into a folder. */
function diskShelf(folder: string): Shelf<string> {
  let kept = 0;
  return {
    nameOf: (path) => path,
    head: readHead,
    bytes: openBytes,
    async keep(pieces, name) {
      const own = join(folder, `copy-${kept++}`);
      await mkdir(own);
      await pipeline(Readable.from(pieces), createWriteStream(join(own, 'copy')));
      const path = join(own, basename(name()) || 'copy');
      if (path !== join(own, 'copy')) await rename(join(own, 'copy'), path);
      return path;
    },
  };
}
