// Reads logs in a browser: the rules of Node's reader over the bytes of Blobs, row by row in JavaScript.

import { Rejects } from '../../data/formats/rejects.ts';
import type { Interactions } from '../../data/interactions.ts';
import { formatOf, type LogFacts, logOf, type Read, readLog } from '../../data/read-log.ts';
import { type ReadOptions, readSchema } from '../../data/read-options.ts';
import { joinFiles } from '../../data/source/join-files.ts';
import type { Sibling } from '../../data/source/sibling.ts';
import { namingEncoding } from '../../data/source/text-encoding.ts';
import { TaurecError } from '../../errors.ts';
import { checkOptions } from '../../option.ts';
import type { FileHead } from '../../platform/head.ts';
import { BrokenStream, FilePass } from './file-pass.ts';
import { type PageShelf, pageShelf } from './page-shelf.ts';
import { type NamedBlob, type PageSource, shownPlaces } from './page-source.ts';
import type { ReadControls } from './read-controls.ts';
import { readDelimited, readJson, readPairs } from './read-texts.ts';
import { RejectsText } from './rejects-text.ts';
import { refuseFolder, type SourceFile, withPageSources } from './with-page-sources.ts';

/**
 * Reads a log of interactions in a browser, from a `File`, a `Blob`, `{ name, blob }` or an address, or a list of these: CSV, TSV, JSON lines, JSON arrays, Parquet or LightGCN text, plain or
 * compressed by gzip, zstd or ZIP, with the rules, options and errors of `readInteractions` in Node (docs/data.md). Rows that are skipped (`onBadRow: 'skip'`) are listed in
 * `report.skippedRows`, because a browser has no folders. Reading a large file takes seconds: call it in a worker.
 * @throws TaurecError as in Node; `aborted` by `controls.signal`; `bad-option` for `rejectsDirectory`
 */
export async function readInteractions(
  source: PageSource,
  options: ReadOptions = {},
  controls: ReadControls = {},
): Promise<Interactions> {
  checkOptions(readSchema, options);
  refuseFolder(options);
  const shelf = pageShelf(controls.signal);
  return readLog(options, (facts) => {
    const sibling: Sibling = {};
    return joinFiles<SourceFile>(
      shownPlaces(source),
      options.sumRatings,
      (read) => withPageSources(shelf, source, options, read),
      ({ file, original, shown, label }) =>
        readFile(shelf, { file, original, label }, shown, { ...facts, sibling }, controls),
    );
  });
}

/** A file that is ready, what it was made from, and the name of its list of skipped rows. */
type Ready = Pick<SourceFile, 'file' | 'original' | 'label'>;

async function readFile(
  shelf: PageShelf,
  { file, original, label }: Ready,
  shown: string,
  options: ReadOptions & LogFacts,
  controls: ReadControls,
): Promise<Interactions> {
  const head = await shelf.head(file);
  const format = formatOf(file.name, head, options);
  const list = new RejectsText(label);
  const rejects = new Rejects(file.name, options.onBadRow ?? 'fail', list);
  // Parquet is read by its row groups; the pass over it only takes its digest.
  const pass = new FilePass(shelf, file, head.gzip, format === 'parquet' ? {} : controls);
  const broken = (error: unknown): unknown =>
    error instanceof BrokenStream
      ? new TaurecError('unreadable-file', { file: file.name, format, reason: error.reason }, { cause: error.cause })
      : error;
  let read: Read;
  try {
    if (format === 'parquet') {
      const { readParquet } = await import('./read-parquet.ts');
      read = await readParquet(await plainParquet(shelf, file, head), options, rejects, controls);
    } else if (format === 'lightgcn') read = await readPairs(pass, rejects);
    else if (format === 'jsonl') read = await readJson(file.name, head, pass, options, rejects);
    else read = await readDelimited(file.name, format, head, pass, options, rejects);
  } catch (error) {
    // A gzip file that is cut off has no rows that could be trusted, whatever was wrong with those before its end.
    if (head.gzip && !isAborted(error)) await pass.finish().catch((cut) => Promise.reject(broken(cut)));
    throw await namingEncoding(broken(error), file.name, () => shelf.bytes(file, head.gzip));
  }
  const own = await pass.finish().catch((cut) => Promise.reject(broken(cut)));
  // The data are what the user has: the archive, or the text before decoding.
  const sha256 = file === original ? own : await new FilePass(shelf, original, false, {}).finish();
  const listed = list.list ? { skippedRows: [list.list] } : {};
  return { ...logOf(file.name, read, rejects, options, listed), sha256, source: shown };
}

const isAborted = (error: unknown) => error instanceof TaurecError && error.code === 'aborted';

/** A Parquet file that is compressed as a whole by gzip, unpacked: Parquet needs random access. */
async function plainParquet(shelf: PageShelf, file: NamedBlob, { gzip }: FileHead): Promise<NamedBlob> {
  return gzip ? shelf.keep(shelf.bytes(file, true), () => file.name) : file;
}
