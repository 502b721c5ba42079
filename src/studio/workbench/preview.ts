import { type ColumnsRead, chooseColumns, roles } from '../../data/columns.ts';
import { type Format, guessFormat } from '../../data/formats/file-format.ts';
import { sniffObjects, sniffTable } from '../../data/formats/table-layout.ts';
import type { ReadOptions } from '../../data/read-options.ts';
import { TaurecError } from '../../errors.ts';
import { type FileHead, headText } from '../../platform/head.ts';
import type { TablePreview } from '../session.ts';

/** Rows of a preview. */
export const previewRows = 20;
const delimiters: Readonly<Record<string, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  ' ': 'space',
  '|': 'bar',
};

/** The rows of a table before their columns have roles. */
export interface PlainRows {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * The first rows of a text, by its beginning.
 * @param parquet reads the first rows of a Parquet file
 * @throws TaurecError as `readInteractions` for columns that options name and the file lacks
 */
export async function previewOf(
  file: string,
  head: FileHead,
  options: ReadOptions,
  parquet: () => Promise<PlainRows>,
): Promise<TablePreview> {
  const format: Format = options.format && options.format !== 'auto' ? options.format : guessFormat(file, head);
  const packed = head.gzip ? ', gzip' : '';
  if (format === 'lightgcn') {
    const lines = headText(head)
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '');
    const rows = lines.slice(0, previewRows).map((line) => {
      const [user = '', ...items] = line.trim().split(/\s+/);
      return [user, items.join(' ')];
    });
    return {
      format: `LightGCN text${packed}`,
      columns: [
        { name: 'user', role: 'user' },
        { name: 'items', role: 'item' },
      ],
      rows,
    };
  }
  if (format === 'csv' || format === 'tsv') {
    const clear = whereClear(() => sniffTable(file, format, head, options));
    const { layout, names, rows } = clear ?? sniffTable(file, format, head, { ...options, user: 1, item: 1 });
    const { delimiter } = layout;
    const all = names ?? Array.from({ length: layout.width }, (_, c) => `column ${c + 1}`);
    return {
      format: `${delimiter === '\t' ? 'TSV' : 'CSV'}, ${delimiters[delimiter] ?? delimiter}${packed}`,
      columns: withRoles(all, clear?.columns),
      rows: rows.slice(0, previewRows),
    };
  }
  const { names, rows } = format === 'parquet' ? await parquet() : sniffObjects(head);
  const columns = whereClear(() => chooseColumns({ file, names, width: names.length, rows }, options).columns);
  return {
    format: `${format === 'parquet' ? 'Parquet' : 'JSON lines'}${packed}`,
    columns: withRoles(names, columns),
    rows: rows.slice(0, previewRows),
  };
}

/** What `work` finds; undefined where it is unclear which column is the user or the item: a person will choose. */
function whereClear<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TaurecError && error.code === 'unclear-columns') return undefined;
    throw error;
  }
}

function withRoles(names: readonly string[], columns: ColumnsRead | undefined): TablePreview['columns'] {
  return names.map((name, at) => {
    const role = roles.find((one) => columns?.[one]?.position === at + 1);
    return { name, ...(role && { role }) };
  });
}
