/** Readers of ids and vectors in text files: delimited text, word2vec, JSON lines and JSON documents. */

import { readFile } from 'node:fs/promises';
import { isUsualName } from '../data/columns.ts';
import { guessDelimiter } from '../data/formats/file-format.ts';
import { RecordSplitter, splitRecords, type TextRecord } from '../data/formats/records.ts';
import { readHead } from '../platform/file-head.ts';
import { type FileHead, headText } from '../platform/head.ts';
import { openLines, openText } from '../platform/text-stream.ts';
import { badEmbeddings, RowGatherer, type Vectors } from './vectors-table.ts';

/** The id in a JSON value: a string, or a whole number that a double holds exactly. Throws `bad-embeddings`. */
export function idOf(file: string, where: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (Number.isSafeInteger(value)) return String(value);
  throw badEmbeddings(
    file,
    `${where}: the id is ${JSON.stringify(value)}, expected a string or a whole number up to 2^53 − 1`,
  );
}

/**
 * Reads ids in row order. A .json file is a list; each line of .jsonl and .ndjson is a JSON string or number; any other file has one id per line, taken literally.
 * Throws `file-not-found`, `bad-embeddings`.
 */
export async function readIds(file: string): Promise<string[]> {
  const head = await readHead(file);
  const name = file.replace(/\.gz$/i, '');
  // 0x93 is the first byte of a .npy file. It cannot begin UTF-8 text.
  if (head.bytes[0] === 0x93)
    throw badEmbeddings(file, 'it is a NumPy array, expected ids as text: one per line, or a JSON list');
  if (/\.json$/i.test(name)) return readList(file);
  const json = /\.(jsonl|ndjson)$/i.test(name);
  const ids: string[] = [];
  let line = 0;
  for await (const text of openLines(file, head.gzip)) {
    line++;
    ids.push(json ? idOf(file, `line ${line}`, parse(file, `line ${line}`, text)) : withoutMark(text, line));
  }
  return ids;
}

/** A line without the byte order mark, which only the first line can have. */
const withoutMark = (text: string, line: number) => (line === 1 ? text.replace(/^\uFEFF/, '') : text);

async function readList(file: string): Promise<string[]> {
  const list = parse(file, 'the file', await readFile(file, 'utf8'));
  if (!Array.isArray(list)) throw badEmbeddings(file, 'it is not a list, expected a JSON list of ids: ["a", "b"]');
  return list.map((id, at) => idOf(file, `entry ${at}`, id));
}

/** True for the usual names of a column or key with ids. `word` and `token` come from files of word vectors. */
export function isIdName(name: string): boolean {
  return /^(id|key|word|token)$/i.test(name.trim()) || isUsualName('user', name) || isUsualName('item', name);
}

/** True for the usual names of a column or key with item biases: bias, item_bias, itemBias … */
export const isBiasName = (name: string): boolean => /^(item[\s_-]?)?bias$/i.test(name.trim());

/**
 * Reads vectors from delimited text, one row per line: an id and numbers, or only numbers if the ids come from another file (`bare`). A field may hold a whole vector: [1,2].
 * The first line is a header if any field other than the id is not a number; a column named bias holds the biases. Also reads the text format of word2vec, whose
 * first line is the number of rows and columns. Throws `bad-embeddings` with the line.
 */
export async function readDelimited(
  path: string,
  format: 'csv' | 'tsv',
  head: FileHead,
  bare: boolean,
): Promise<Vectors> {
  const text = headText(head);
  const delimiter = guessDelimiter(format, text);
  const [first, second] = splitRecords(text, delimiter, undefined, 2).map((record) => fieldsOf(record, delimiter));
  const rows = new RowGatherer(path);
  if (!first) return rows.vectors();
  // Word2vec: two whole numbers, and the next line has an id and as many numbers as the second of them says.
  const sized = !!second && isSizes(first) && second.length === Number(first[1]) + 1;
  const numeric = (field: string, at: number) => (at === 0 && !bare) || isNumber(field) || isList(field);
  const names = sized || first.every(numeric) ? undefined : first;
  const found = names?.findIndex(isIdName) ?? -1;
  // Column of the ids: the named one, or else the first; -1 if the ids come from another file.
  const id = found >= 0 ? found : bare ? -1 : 0;
  const bias = names?.findIndex(isBiasName) ?? -1;
  // Header lines that are not rows.
  let skip = sized || names ? 1 : 0;
  const take = (record: TextRecord) => {
    if (skip-- > 0) return;
    const where = `line ${record.line}`;
    if (record.broken) throw badEmbeddings(path, `${where}, column ${record.broken}: the closing quote is missing`);
    const fields = fieldsOf(record, delimiter);
    const numbers = fields.flatMap((field, at) =>
      at === id || at === bias ? [] : numbersOf(path, where, field, names?.[at] ?? at + 1),
    );
    const extra = bias >= 0 ? numbersOf(path, where, fields[bias] ?? '', names![bias]!)[0] : undefined;
    rows.add(where, numbers, id >= 0 ? fields[id]! : undefined, extra);
  };
  const splitter = new RecordSplitter(delimiter);
  // The byte order mark can only be in the first piece that has text.
  let begins = true;
  for await (const piece of openText(path, head.gzip)) {
    for (const record of splitter.push(begins ? piece.replace(/^\uFEFF/, '') : piece)) take(record);
    begins &&= piece === '';
  }
  for (const record of splitter.end()) take(record);
  return rows.vectors();
}

/** The fields of a line, without the empty last field that the trailing space of a word2vec line would add. */
function fieldsOf({ fields }: TextRecord, delimiter: string): string[] {
  return delimiter === ' ' && fields.at(-1) === '' ? fields.slice(0, -1) : fields;
}

const isSizes = (fields: readonly string[]) => fields.length === 2 && fields.every((field) => /^\d+$/.test(field));
const isNumber = (field: string) => field.trim() !== '' && !Number.isNaN(Number(field));
const isList = (field: string) => /^\s*\[/.test(field);

/** The numbers of a field: a single number, or a list in brackets, separated by commas or spaces. */
function numbersOf(path: string, where: string, field: string, column: string | number): number[] {
  const numbers = isList(field)
    ? field
        .trim()
        .slice(1, -1)
        .trim()
        .split(/[,\s]+/)
    : [field];
  return numbers.map((text) => {
    if (!isNumber(text))
      throw badEmbeddings(path, `${where}, column ${column}: got ${JSON.stringify(text)}, expected a number`);
    return Number(text);
  });
}

/** Reads vectors from JSON lines: {"id", "embedding", "bias"?} per line; blank lines are skipped. Throws `bad-embeddings` with the line. */
export async function readJsonLines(path: string, gzip: boolean): Promise<Vectors> {
  const rows = new RowGatherer(path);
  let line = 0;
  for await (const text of openLines(path, gzip)) {
    line++;
    if (text.trim() !== '') addObject(rows, path, `line ${line}`, parse(path, `line ${line}`, text));
  }
  return rows.vectors();
}

/** Reads vectors from a JSON document: a list of {"id", "embedding", "bias"?}, or an object with such a list under one of `names`. Throws `bad-embeddings`. */
export async function readJson(path: string, names: readonly string[]): Promise<Vectors> {
  const document = parse(path, 'the file', await readFile(path, 'utf8')) as Record<string, unknown> | null;
  const name = names.find((one) => Array.isArray(document?.[one]));
  const list = Array.isArray(document) ? document : name === undefined ? undefined : document?.[name];
  if (!Array.isArray(list))
    throw badEmbeddings(
      path,
      `it has no list of objects, expected [{"id", "embedding"}, …], or an object with such a list under "${names[0]}"`,
    );
  const rows = new RowGatherer(path);
  list.forEach((value, at) => {
    addObject(rows, path, `entry ${at}`, value);
  });
  return rows.vectors();
}

function parse(path: string, where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badEmbeddings(path, `${where}: not JSON: ${(cause as Error).message}`, cause);
  }
}

/** Adds the row of one object. The vector is the list called embedding or vector, or else the first list of numbers. */
function addObject(rows: RowGatherer, path: string, where: string, value: unknown): void {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const named = (name: string) => entries.find(([key, list]) => key === name && Array.isArray(list))?.[1];
  const embedding = named('embedding') ?? named('vector') ?? entries.find(([, list]) => isNumbers(list))?.[1];
  if (!isNumbers(embedding))
    throw badEmbeddings(path, `${where} has no list of numbers, expected one called "embedding"`);
  const id = entries.find(([key]) => isIdName(key));
  const bias = entries.find(([key]) => isBiasName(key))?.[1];
  if (bias !== undefined && typeof bias !== 'number')
    throw badEmbeddings(path, `${where}: the bias is ${JSON.stringify(bias)}, expected a number`);
  rows.add(where, embedding, id && idOf(path, where, id[1]), bias);
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((x) => typeof x === 'number');
