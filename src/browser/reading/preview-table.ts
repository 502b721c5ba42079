import { guessFormat } from '../../data/formats/file-format.ts';
import { withPrepared } from '../../data/source/prepare-file.ts';
import {
  checkedPreview,
  type PreviewOptions,
  previewNamed,
  previewText,
  type TablePreview,
} from '../../data/table-preview.ts';
import { pageShelf } from './page-shelf.ts';
import { blobOf, type PagePlace, shownPlace } from './page-source.ts';
import type { ReadControls } from './read-controls.ts';

/**
 * The beginning of a table as `readInteractions` would read it: format, separator, header, the first rows as texts, and the roles of the columns. Only the first 256 kB are looked at (of
 * ZIP, zstd, JSON arrays and texts that are not UTF-8 the whole file). Columns that the reader cannot tell are no error here: `problem` holds it.
 * @throws TaurecError as `readInteractions` for a file that cannot be read
 */
export async function previewTable(
  place: PagePlace,
  options: PreviewOptions = {},
  controls: Pick<ReadControls, 'signal'> = {},
): Promise<TablePreview> {
  const { rows, reading } = checkedPreview(options);
  const shelf = pageShelf(controls.signal);
  const shown = shownPlace(place);
  const original = await blobOf(place, (reading.downloadLimit ?? 4000) * 1e6);
  const preview = await withPrepared(shelf, original, shown, reading, async (file) => {
    const head = await shelf.head(file);
    const asked = reading.format ?? 'auto';
    if ((asked === 'auto' ? guessFormat(file.name, head) : asked) !== 'parquet')
      return previewText(file.name, head, reading, rows);
    const plain = head.gzip ? await shelf.keep(shelf.bytes(file, true), () => file.name) : file;
    const [{ openParquet }, { firstRows }] = await Promise.all([
      import('./parquet-file.ts'),
      import('./read-parquet.ts'),
    ]);
    const parquet = await openParquet(plain);
    const names = parquet.columns.map(({ name }) => name);
    const table = { file: shown, names, width: names.length, rows: await firstRows(parquet, rows) };
    return previewNamed(table, 'parquet', reading);
  });
  return { ...preview, file: shown };
}
