import type { TablePreview as ReadPreview } from '../../data/table-preview.ts';
import type { TablePreview } from '../session.ts';

/** Rows of a preview. */
export const previewRows = 20;

const formats = { csv: 'CSV', tsv: 'TSV', jsonl: 'JSON lines', parquet: 'Parquet', lightgcn: 'LightGCN text' } as const;
const separators: Readonly<Record<string, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  ' ': 'space',
  '|': 'bar',
  '::': 'double colon',
};

/** A preview as a page shows it: the format in words, and an empty name for columns without one. */
export function shownPreview({ format, delimiter, columns, rows }: ReadPreview): TablePreview {
  const separator = delimiter === undefined ? '' : `, ${separators[delimiter] ?? delimiter}`;
  return {
    format: `${formats[format]}${separator}`,
    columns: columns.map(({ name = '', role }) => ({ name, ...(role && { role }) })),
    rows,
  };
}
