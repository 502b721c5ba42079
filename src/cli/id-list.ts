import { readFile } from 'node:fs/promises';
import { TaurecError } from '../errors.ts';

/** The ids of an option: `a,b,c`, or `@file` with an id a line (for ids with commas, or many of them). */
export async function idList(text: string): Promise<string[]> {
  return text.startsWith('@') ? idFile(text.slice(1)) : text.split(',').filter((id) => id !== '');
}

/** The ids of a file, one a line; blank lines are passed over. Throws `file-not-found`, `empty-data`. */
export async function idFile(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new TaurecError('file-not-found', { file }, { cause });
  });
  const ids = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (ids.length === 0) throw new TaurecError('empty-data', { file, reason: 'there is no id in it' });
  return ids;
}
