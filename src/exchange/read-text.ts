import { readFile } from 'node:fs/promises';
import { isUsualName } from '../data/columns.ts';
import { guessDelimiter } from '../data/formats/file-format.ts';
import { RecordSplitter, splitRecords, type TextRecord } from '../data/formats/records.ts';
import { type FileHead, headText, readHead } from '../platform/file-head.ts';
import { openLines, openText } from '../platform/text-stream.ts';
import { badEmbeddings, RowGatherer, type Vectors } from './vectors-table.ts';

/** An id of a JSON value: a text, or a whole number that JSON gives back exactly. Throws `bad-embeddings`. */
export function idOf(file: string, where: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (Number.isSafeInteger(value)) return String(value);
  throw badEmbeddings(
    file,
    `${where}: the id ${JSON.stringify(value)}, expected a text or a whole number up to 2^53 − 1`,
  );
}

/**
 * Reads ids, row 0 first: .json is a list; each line of .jsonl and .ndjson is a JSON text or number; any other file holds one id a line, taken literally.
 * Throws `file-not-found`, `bad-embeddings`.
 */
export async function readIds(file: string): Promise<string[]> {
  const head = await readHead(file);
  const name = file.replace(/\.gz$/i, '');
  if (head.bytes[0] === 0x93)
    throw badEmbeddings(file, 'an array of NumPy, expected ids as text: an id a line, or a list in JSON');
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

const withoutMark = (text: string, line: number) => (line === 1 ? text.replace(/^\uFEFF/, '') : text);

async function readList(file: string): Promise<string[]> {
  const list = parse(file, 'the file', await readFile(file, 'utf8'));
  if (!Array.isArray(list)) throw badEmbeddings(file, 'no list, expected a list of ids: ["a", "b"]');
  return list.map((id, at) => idOf(file, `entry ${at}`, id));
}

/** True for the name of a column or key that holds ids. */
export function isIdName(name: string): boolean {
  return /^(id|key|word|token)$/i.test(name.trim()) || isUsualName('user', name) || isUsualName('item', name);
}

export const isBiasName = (name: string): boolean => /^(item[\s_-]?)?bias$/i.test(name.trim());

/**
 * Reads vectors as delimited text, one row per line: an id and numbers, or numbers alone if the ids come from another file (`bare`). A field may hold a whole vector: [1,2].
 * A first line with a field, other than the id, that is not a number names the columns; one of them may be bias. The text format of word2vec, whose first line
 * says how many rows and columns follow, is read too. Throws `bad-embeddings` with the line.
 */
export async function readDelimited(
  path: string,
  format: 'csv' | 'tsv',
  head: FileHead,
  bare: boolean,
): Promise<Vectors> {
  const text = headText(head);
  const delimiter = guessDelimiter(format, text);
  const [first, second] = splitRecords(text, delimiter).map((record) => fieldsOf(record, delimiter));
  const rows = new RowGatherer(path);
  if (!first) return rows.vectors();
  const sized = !!second && isSizes(first) && second.length === Number(first[1]) + 1;
  const numeric = (field: string, at: number) => (at === 0 && !bare) || isNumber(field) || isList(field);
  const names = sized || first.every(numeric) ? undefined : first;
  const found = names?.findIndex(isIdName) ?? -1;
  const id = found >= 0 ? found : bare ? -1 : 0;
  const bias = names?.findIndex(isBiasName) ?? -1;
  let skip = sized || names ? 1 : 0;
  const take = (record: TextRecord) => {
    if (skip-- > 0) return;
    const where = `line ${record.line}`;
    if (record.broken) throw badEmbeddings(path, `${where}, column ${record.broken}: a quote that is not closed`);
    const fields = fieldsOf(record, delimiter);
    const numbers = fields.flatMap((field, at) =>
      at === id || at === bias ? [] : numbersOf(path, where, field, names?.[at] ?? at + 1),
    );
    const extra = bias >= 0 ? numbersOf(path, where, fields[bias] ?? '', names![bias]!)[0] : undefined;
    rows.add(where, numbers, id >= 0 ? fields[id]! : undefined, extra);
  };
  const splitter = new RecordSplitter(delimiter);
  let begins = true;
  for await (const piece of openText(path, head.gzip)) {
    for (const record of splitter.push(begins ? piece.replace(/^\uFEFF/, '') : piece)) take(record);
    begins &&= piece === '';
  }
  for (const record of splitter.end()) take(record);
  return rows.vectors();
}

/** The fields of a line. Word2vec ends its lines with a space, which would add an empty field. */
function fieldsOf({ fields }: TextRecord, delimiter: string): string[] {
  return delimiter === ' ' && fields.at(-1) === '' ? fields.slice(0, -1) : fields;
}

const isSizes = (fields: readonly string[]) => fields.length === 2 && fields.every((field) => /^\d+$/.test(field));
const isNumber = (field: string) => field.trim() !== '' && !Number.isNaN(Number(field));
const isList = (field: string) => /^\s*\[/.test(field);

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
      throw badEmbeddings(path, `${where}, column ${column}: ${JSON.stringify(text)}, expected a number`);
    return Number(text);
  });
}

/** Reads vectors as JSON lines: {"id", "embedding", "bias"?}. Throws `bad-embeddings` with the line. */
export async function readJsonLines(path: string, gzip: boolean): Promise<Vectors> {
  const rows = new RowGatherer(path);
  let line = 0;
  for await (const text of openLines(path, gzip)) {
    line++;
    if (text.trim() !== '') addObject(rows, path, `line ${line}`, parse(path, `line ${line}`, text));
  }
  return rows.vectors();
}

/** Reads vectors of one JSON document: a list of {"id", "embedding", "bias"?}, or an object that holds such a list under one of `names`. Throws `bad-embeddings`. */
export async function readJson(path: string, names: readonly string[]): Promise<Vectors> {
  const document = parse(path, 'the file', await readFile(path, 'utf8')) as Record<string, unknown> | null;
  const name = names.find((one) => Array.isArray(document?.[one]));
  const list = Array.isArray(document) ? document : name === undefined ? undefined : document?.[name];
  if (!Array.isArray(list))
    throw badEmbeddings(path, `no list of objects in it, expected one: [{"id", "embedding"}], or under "${names[0]}"`);
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

function addObject(rows: RowGatherer, path: string, where: string, value: unknown): void {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const named = (name: string) => entries.find(([key, list]) => key === name && Array.isArray(list))?.[1];
  const embedding = named('embedding') ?? named('vector') ?? entries.find(([, list]) => isNumbers(list))?.[1];
  if (!isNumbers(embedding))
    throw badEmbeddings(path, `${where}: no list of numbers called "embedding", expected one of numbers alone`);
  const id = entries.find(([key]) => isIdName(key));
  const bias = entries.find(([key]) => isBiasName(key))?.[1];
  if (bias !== undefined && typeof bias !== 'number')
    throw badEmbeddings(path, `${where}: bias ${JSON.stringify(bias)}, expected a number`);
  rows.add(where, embedding, id && idOf(path, where, id[1]), bias);
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((x) => typeof x === 'number');
