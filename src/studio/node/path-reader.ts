import { identifier, literal, openDuck } from '../../data/formats/duckdb.ts';
import { readInteractions } from '../../data/read.ts';
import { readCatalogue } from '../../data/read-catalogue.ts';
import { formatOf } from '../../data/read-log.ts';
import type { ReadOptions } from '../../data/read-options.ts';
import { readTitles } from '../../data/read-titles.ts';
import { withSources } from '../../data/source/with-sources.ts';
import { previewNamed, previewText, type TablePreview } from '../../data/table-preview.ts';
import { readHead } from '../../platform/file-head.ts';
import { temporaryFolder } from '../../platform/temporary-folder.ts';
import type { Readable, Reader } from '../workbench/host.ts';
import { previewRows } from '../workbench/shown-preview.ts';

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

/** As `previewTable` of a browser does it. */
function preview(path: string, options: ReadOptions): Promise<TablePreview> {
  return withSources(path, options, async (file) => {
    const head = await readHead(file.path);
    if (formatOf(file.path, head, options) !== 'parquet') return previewText(file.path, head, options, previewRows);
    const { names, rows } = await parquetRows(file.path);
    return previewNamed({ file: path, names, width: names.length, rows }, 'parquet', options);
  }).then(([first]) => first!);
}

async function parquetRows(path: string): Promise<{ readonly names: string[]; readonly rows: string[][] }> {
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
