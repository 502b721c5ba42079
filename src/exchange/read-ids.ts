import { readFile } from 'node:fs/promises';
import { readHead } from '../platform/file-head.ts';
import { openLines } from '../platform/text-stream.ts';
import { badEmbeddings } from './vectors-table.ts';

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
 * Reads ids, row 0 first: .json is a list; each line of .jsonl and .ndjson is a JSON text or number; any other file holds an id a line as it stands.
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

function parse(file: string, where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badEmbeddings(file, `${where}: not JSON: ${(cause as Error).message}`, cause);
  }
}
