import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { unzipSync } from 'fflate';

/** MovieLens 100K, GroupLens: 100,000 ratings of 1,682 films by 943 people. Frozen since 1998, so that its checksum can be pinned. */
export const movielens = {
  folder: 'https://files.grouplens.org/datasets/movielens',
  file: 'ml-100k.zip',
  sha256: '50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229',
};

/** The files of MovieLens as taurec reads them. */
export interface MovieLensFiles {
  /** `user item rating time`, divided by tabs, without a header. */
  readonly ratings: string;
  /** `item,title`. */
  readonly titles: string;
}

export interface FetchOptions {
  /** Where the files are kept; from there they come without a network the next time. */
  readonly cache: string;
  readonly url: string;
  readonly sha256: string;
  /** Default 60,000. */
  readonly timeoutMilliseconds?: number;
}

/** MovieLens from the cache, or from GroupLens into it. Throws a plain `Error` that says what went wrong: no network, another checksum. */
export async function fetchMovieLens(options: FetchOptions): Promise<MovieLensFiles> {
  const { cache, url, sha256, timeoutMilliseconds = 60_000 } = options;
  const files = { ratings: join(cache, 'ratings.tsv'), titles: join(cache, 'titles.csv') };
  if (existsSync(files.ratings) && existsSync(files.titles)) return files;
  const bytes = await download(url, timeoutMilliseconds);
  const got = createHash('sha256').update(bytes).digest('hex');
  if (got !== sha256) throw new Error(`${url} has SHA-256 ${got}, expected ${sha256}`);
  const unpacked = unzipSync(bytes, { filter: ({ name }) => /(^|\/)u\.(data|item)$/.test(name) });
  const [ratings, items] = ['u.data', 'u.item'].map((name) => {
    const found = Object.keys(unpacked).find((path) => path.endsWith(name));
    if (!found) throw new Error(`${url} has no ${name}`);
    return unpacked[found]!;
  });
  // Both stand in a folder that appears as a whole.
  const temporary = `${cache}.${process.pid}.tmp`;
  await mkdir(temporary, { recursive: true });
  try {
    await writeFile(join(temporary, 'ratings.tsv'), ratings!);
    await writeFile(join(temporary, 'titles.csv'), titlesOf(items!));
    await mkdir(dirname(cache), { recursive: true });
    await rm(cache, { recursive: true, force: true });
    await rename(temporary, cache);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return files;
}

async function download(url: string, timeout: number): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    const { message, cause: inner } = cause as Error;
    throw new Error(`${url}: ${inner instanceof Error ? inner.message : message}`, { cause });
  }
}

/** `u.item` is Latin-1, `id|title|…`: the film's number and its title with the year. */
function titlesOf(items: Uint8Array): string {
  const rows = new TextDecoder('latin1')
    .decode(items)
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split('|').slice(0, 2));
  return stringify([['item', 'title'], ...rows]);
}
