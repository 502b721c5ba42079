import { identifier, literal, openDuck } from '../../data/formats/duckdb.ts';
import { readInteractions } from '../../data/read.ts';
import { readCatalogue } from '../../data/read-catalogue.ts';
import type { ReadOptions } from '../../data/read-options.ts';
import { readTitles } from '../../data/read-titles.ts';
import { withSources } from '../../data/source/with-sources.ts';
import { readHead } from '../../platform/file-head.ts';
import { temporaryFolder } from '../../platform/temporary-folder.ts';
import type { TablePreview } from '../session.ts';
import type { Readable, Reader } from '../workbench/host.ts';
import { type PlainRows, previewOf, previewRows } from '../workbench/preview.ts';

/** Reads files by their paths, with the readers of Node. Lists of bad rows go to a temporary folder. */
export function pathReader(): Reader {
  let rejects: Promise<string> | undefined;
  return {
    async interactions(file, options) {
      rejects ??= temporaryFolder();
      return readInteractions(pathOf(file), { ...options, rejectsDirectory: await rejects });
    },
    titles: (file, items, options) => readTitles(pathOf(file), items, options),
    catalogue: (file, options) => readCatalogue(pathOf(file), options),
    preview: (file, options) => preview(pathOf(file), options),
  };
}

function pathOf(file: Readable): string {
  if (typeof file === 'string') return file;
  throw new TypeError('a reader of paths got a File');
}

function preview(path: string, options: ReadOptions): Promise<TablePreview> {
  return withSources(path, options, async (file) =>
    previewOf(path, await readHead(file.path), options, () => parquetRows(file.path)),
  ).then(([first]) => first!);
}

async function parquetRows(path: string): Promise<PlainRows> {
  const duck = await openDuck();
  try {
    const from = `read_parquet(${literal(path)}, binary_as_string = true)`;
    const columns = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
    const names = columns.map(([name]) => String(name));
    const cells = names.map((name) => `CAST(${identifier(name)} AS VARCHAR)`).join(', ');
    const rows = (await duck.connection.runAndReadAll(`SELECT ${cells} FROM ${from} LIMIT ${previewRows}`)).getRows();
    return { names, rows: rows.map((row) => row.map((cell) => String(cell ?? ''))) };
  } finally {
    await duck.close();
  }
}
