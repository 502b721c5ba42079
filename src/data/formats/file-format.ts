import { TaurecError } from '../../errors.ts';
import { type FileHead, headText } from '../../platform/head.ts';

/** The formats that taurec reads. Each may be gzip-compressed, which is detected from the first bytes of the file. */
export const formats = ['csv', 'tsv', 'jsonl', 'parquet', 'lightgcn'] as const;
/** A file format of `formats`. */
export type Format = (typeof formats)[number];

/**
 * Guesses the format of a file. The content decides first: Parquet's magic bytes, then `{` as the first character (JSON lines). Then the extension, without
 * `.gz`: .parquet, .jsonl .ndjson .json, .csv, .tsv. For any other name the format is LightGCN text when every line consists of whole numbers with spaces or tabs
 * between them, the lines differ in length, and no two lines begin with the same number; otherwise it is a delimited table ('csv').
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

/** The rule for LightGCN text. A table fails it: its lines have the same number of fields. */
function looksLikeLightGcn(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0 || !lines.every((line) => /^[ \t]*\d+([ \t]+\d+)*[ \t]*$/.test(line))) return false;
  const cells = lines.map((line) => line.trim().split(/[ \t]+/));
  const lengths = new Set(cells.map((line) => line.length));
  return lengths.size > 1 && new Set(cells.map(([user]) => user)).size === lines.length;
}

/** Candidate delimiters; on equal counts in the first line the earlier one wins. */
const delimiters = ['::', '\t', ',', ';', '|', ' '];

/** Guesses the delimiter of a table: tab for .tsv; else `::` if it occurs, else the most frequent candidate in the first line outside quotes; a space only if no other occurs. */
export function guessDelimiter(format: 'csv' | 'tsv', text: string): string {
  if (format === 'tsv') return '\t';
  const firstLine = /^[^\r\n]+/m.exec(text)?.[0].replace(/"[^"]*"/g, '') ?? '';
  const counts = delimiters.map((delimiter) => firstLine.split(delimiter).length - 1);
  if (counts[0]! > 0) return '::';
  const most = Math.max(...counts.slice(0, -1));
  return most > 0 ? delimiters[counts.indexOf(most)]! : counts.at(-1)! > 0 ? ' ' : ',';
}

/** Throws `bad-option` unless `format` is one of `formats` or 'auto'. */
export function checkFormat(format: string): void {
  if (format !== 'auto' && !(formats as readonly string[]).includes(format)) {
    throw new TaurecError('bad-option', { option: 'format', got: format, expected: `auto, ${formats.join(', ')}` });
  }
}
