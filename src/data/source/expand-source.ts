// From what a user names to the files it stands for: one file, several, a folder, a glob, a URL or standard input.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TaurecError } from '../../errors.ts';
import { literal, openDuck } from '../formats/duckdb.ts';
import { isUrl, type Source } from './source-name.ts';

/** A file before it is prepared for reading. */
export interface Found {
  readonly kind: 'file' | 'url' | 'stdin';
  /** The path or the URL. */
  readonly name: string;
  /** The path below the folder or pattern that was named; undefined for a file that was named itself. */
  readonly within?: string;
}

const globPattern = /[*?[]/;

/**
 * The files of a source, those of a folder or pattern in the order of their paths. Folders are searched to any depth; names that begin with `_` or `.` are left out
 * (`_SUCCESS`, `.part-0.crc`).
 * @throws TaurecError `file-not-found` for a path or pattern without a file
 */
export async function expandSource(source: Source): Promise<Found[]> {
  const names = typeof source === 'string' ? [source] : source;
  if (names.length === 0)
    throw new TaurecError('bad-option', { option: 'source', got: '[]', expected: 'at least one file' });
  const found: Found[] = [];
  for (const name of names) found.push(...(await expandName(name)));
  const twice = found.find((file, at) => file.kind === 'stdin' && found.findIndex(({ kind }) => kind === 'stdin') < at);
  if (twice) {
    const expected = 'one -, because standard input can be read once';
    throw new TaurecError('bad-option', { option: 'source', got: 'two -', expected });
  }
  return found;
}

async function expandName(name: string): Promise<Found[]> {
  if (name === '-') return [{ kind: 'stdin', name }];
  if (isUrl(name)) return [{ kind: 'url', name }];
  const info = await stat(name).catch(() => undefined);
  if (info?.isDirectory()) return inFolder(name);
  // A file may have such a name itself: `ratings[1].csv`.
  if (info || !globPattern.test(name)) return [{ kind: 'file', name }];
  return matching(name);
}

const isHidden = (path: string) => path.split(/[/\\]/).some((part) => /^[_.]/.test(part));

async function inFolder(folder: string): Promise<Found[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name));
  const found: Found[] = [];
  for (const name of paths.sort(byUnits)) {
    const within = name.slice(join(folder, 'x').length - 1);
    if (isHidden(within)) continue;
    // A link may point to a folder.
    if ((await stat(name).catch(() => undefined))?.isFile()) found.push({ kind: 'file', name, within });
  }
  if (found.length === 0) throw new TaurecError('empty-data', { file: folder, reason: 'the folder holds no files' });
  return found;
}

async function matching(pattern: string): Promise<Found[]> {
  const duck = await openDuck();
  try {
    const reader = await duck.connection.runAndReadAll(`SELECT file FROM glob(${literal(pattern)})`);
    // The part of the pattern before its first wildcard names a fixed folder.
    const fixed = pattern.slice(0, pattern.search(globPattern)).replace(/[^/\\]*$/, '').length;
    const found = reader
      .getRows()
      .map(([file]) => String(file))
      .sort(byUnits)
      .map((name) => ({ kind: 'file' as const, name, within: name.slice(fixed) }));
    const visible = found.filter(({ within }) => !isHidden(within));
    if (visible.length > 0) return visible;
    throw new TaurecError('file-not-found', { file: pattern });
  } finally {
    await duck.close();
  }
}

/** The same order on every machine, whatever its language. */
function byUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
