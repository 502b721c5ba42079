// Lists of ids in flags and files.

import { readFile } from 'node:fs/promises';
import { TaurecError } from '../errors.ts';

/** The ids of a flag: `a,b,c`, or `@file` with one id per line, for long lists and ids that contain commas. */
export async function idList(text: string): Promise<string[]> {
  return text.startsWith('@') ? idFile(text.slice(1)) : text.split(',').filter((id) => id !== '');
}

/** The ids of a file, one per line; blank lines are skipped. @throws TaurecError `file-not-found`, `empty-data` */
export async function idFile(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new TaurecError('file-not-found', { file }, { cause });
  });
  const ids = text
    // Editors on Windows begin a file with a byte order mark.
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (ids.length === 0) throw new TaurecError('empty-data', { file, reason: 'the file contains no ids' });
  return ids;
}
