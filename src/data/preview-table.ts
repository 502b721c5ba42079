import { readHead } from '../platform/file-head.ts';
import { identifier, literal, openDuck } from './formats/duckdb.ts';
import { formatOf } from './read-log.ts';
import type { Source } from './source/source-name.ts';
import { withFirstSource } from './source/with-sources.ts';
import { checkedPreview, type PreviewOptions, previewNamed, previewText, type TablePreview } from './table-preview.ts';

/**
 * The beginning of a table as `readInteractions` would read it: format, separator, header, the first rows as texts, and the roles of the columns. Columns that the reader cannot tell are no error here: `problem` holds it.
 * @param source a file, or a folder, pattern, URL, `-` or list, whose first file is shown; no database
 * @throws TaurecError as `readInteractions` for a file that cannot be read; `bad-option`
 */
export async function previewTable(source: Source, options: PreviewOptions = {}): Promise<TablePreview> {
  const { rows, reading } = checkedPreview(options);
  return withFirstSource(source, reading, async (file) => {
    const head = await readHead(file.path);
    if (formatOf(file.shown, head, reading) !== 'parquet') return previewText(file.shown, head, reading, rows);
    const first = await parquetRows(file.path, rows);
    return previewNamed({ file: file.shown, ...first, width: first.names.length }, 'parquet', reading);
  });
}

async function parquetRows(
  path: string,
  count: number,
): Promise<{ readonly names: string[]; readonly rows: string[][] }> {
  const duck = await openDuck();
  try {
    const from = `read_parquet(${literal(path)}, binary_as_string = true)`;
    const columns = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
    const names = columns.map(([name]) => String(name));
    const cells = names.map((name) => `CAST(${identifier(name)} AS VARCHAR)`).join(', ');
    const rows = (await duck.connection.runAndReadAll(`SELECT ${cells} FROM ${from} LIMIT ${count}`)).getRows();
    return { names, rows: rows.map((row) => row.map((cell) => String(cell ?? ''))) };
  } finally {
    await duck.close();
  }
}
