import { type SourceOptions, withPrepared } from '../../data/source/prepare-file.ts';
import { TaurecError } from '../../errors.ts';
import type { PageShelf } from './page-shelf.ts';
import { blobOf, type NamedBlob, type PageSource, placesOf, shownPlace } from './page-source.ts';

/** A file of a source that is ready for a reader. */
export interface SourceFile {
  /** Plain or gzip, text in UTF-8, no JSON array. */
  readonly file: NamedBlob;
  /** What `file` was made from: the same, or an archive, array or text in another encoding. */
  readonly original: NamedBlob;
  /** The name in messages and records. */
  readonly shown: string;
  /** A name for lists about the file, different for all files of the source. */
  readonly label: string;
}

/** Prepares the files of a source and calls `use` with each, one after another, as `withSources` does in Node. @throws TaurecError as there */
export async function withPageSources<T>(
  shelf: PageShelf,
  source: PageSource,
  options: SourceOptions,
  use: (file: SourceFile, count: number) => Promise<T>,
): Promise<T[]> {
  const places = placesOf(source);
  const names = places.map((place) => shownPlace(place).split('/').at(-1)!);
  const results: T[] = [];
  for (const [at, place] of places.entries()) {
    const shown = shownPlace(place);
    const label = names.indexOf(names[at]!) < at ? `${at + 1}-${names[at]}` : names[at]!;
    const original = await blobOf(place, (options.downloadLimit ?? 4000) * 1e6);
    results.push(
      await withPrepared(shelf, original, shown, options, (file) =>
        use({ file, original, shown, label }, places.length),
      ),
    );
  }
  return results;
}

/** Refuses a folder for skipped rows. @throws TaurecError `bad-option` */
export function refuseFolder({ rejectsDirectory }: { rejectsDirectory?: string }): void {
  if (rejectsDirectory === undefined) return;
  const expected = 'no value, because a browser has no folders: skipped rows are in the report';
  throw new TaurecError('bad-option', { option: 'rejectsDirectory', got: rejectsDirectory, expected });
}
