import { TaurecError } from '../../errors.ts';
import type { FileHead } from '../../platform/file-head.ts';
import { headText } from '../../platform/file-head.ts';

/** The formats that can be read; each may be gzip-compressed, which the file's first bytes tell. */
export const formats = ['csv', 'tsv', 'jsonl', 'parquet', 'lightgcn'] as const;
/** A file format that readers know. */
export type Format = (typeof formats)[number];

/**
 * The format of a file. Content decides first: Parquet's magic bytes, then `{` as the first character (JSON lines). Then the name without `.gz`:
 * .parquet, .jsonl .ndjson .json, .csv, .tsv. Any other name: LightGCN text when every line is whole numbers divided by single spaces, and
 * either lines differ in length or each line begins with another number; a delimited table otherwise.
 */
export function guessFormat(file: string, head: FileHead): Format {
  if (new TextDecoder('latin1').decode(head.bytes.subarray(0, 4)) === 'PAR1') return 'parquet';
  const text = headText(head);
  if (text.trimStart().startsWith('{')) return 'jsonl';
  const extension = /\.([^./\\]+)$/.exec(file.replace(/\.gz$/i, ''))?.[1]?.toLowerCase();
  if (extension === 'parquet') return 'parquet';
  if (extension === 'jsonl' || extension === 'ndjson' || extension === 'json') return 'jsonl';
  if (extension === 'csv' || extension === 'tsv') return extension;
  if (looksLikeLightGcn(text)) return 'lightgcn';
  return 'csv';
}

function looksLikeLightGcn(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0 || !lines.every((line) => /^\d+( \d+)* ?$/.test(line))) return false;
  const lengths = new Set(lines.map((line) => line.trim().split(' ').length));
  return lengths.size > 1 || new Set(lines.map((line) => line.split(' ', 1)[0])).size === lines.length;
}

/** The delimiters tried, in this order when equally frequent in the first line. */
const delimiters = ['::', '\t', ',', ';', '|', ' '];

/** The delimiter of a table: tab for .tsv; otherwise the one found most often in the first line outside quotes, a space only when there is no other. */
export function guessDelimiter(format: 'csv' | 'tsv', text: string): string {
  if (format === 'tsv') return '\t';
  const firstLine = /^[^\r\n]+/m.exec(text)?.[0].replace(/"[^"]*"/g, '') ?? '';
  const counts = delimiters.map((delimiter) => firstLine.split(delimiter).length - 1);
  if (counts[0]! > 0) return '::';
  const most = Math.max(...counts.slice(0, -1));
  return most > 0 ? delimiters[counts.indexOf(most)]! : counts.at(-1)! > 0 ? ' ' : ',';
}

/** Throws `bad-option` unless `format` is one of the formats or 'auto'. */
export function checkFormat(format: string): void {
  if (format !== 'auto' && !(formats as readonly string[]).includes(format)) {
    throw new TaurecError('bad-option', { option: 'format', got: format, expected: `auto, ${formats.join(', ')}` });
  }
}
