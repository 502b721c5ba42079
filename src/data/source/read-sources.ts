// Reads all files of a source with the reader of one file, and joins their logs.

import { fileSha256 } from '../../platform/text-stream.ts';
import type { Interactions } from '../interactions.ts';
import { joinFiles } from './join-files.ts';
import type { SourceOptions } from './prepare-file.ts';
import type { Sibling } from './sibling.ts';
import { type Source, shownSource } from './source-name.ts';
import { type SourceFile, withSources } from './with-sources.ts';

type ReadFileOptions = SourceOptions & { sumRatings?: boolean };

/**
 * Reads the files of a source one after another. A file without rows is passed over unless all are.
 * @throws TaurecError the errors of `withSources`, `joinFiles` and `readFile`
 */
export async function readSources<O extends ReadFileOptions>(
  source: Source,
  options: O,
  readFile: (file: string, options: O & { label: string; hive: boolean; sibling: Sibling }) => Promise<Interactions>,
): Promise<Interactions> {
  const sibling: Sibling = {};
  return joinFiles<SourceFile>(
    shownSource(source),
    options.sumRatings,
    (read) => withSources(source, options, (file, _, count) => read(file, count)),
    async ({ path, original, shown, label, partitioned }) => {
      const log = await readFile(path, { ...options, label, hive: partitioned, sibling });
      if (path === original) return { ...log, source: shown };
      // The data are what the user has: the archive, or the text before decoding.
      return { ...log, source: shown, sha256: await fileSha256(original, false) };
    },
  );
}
