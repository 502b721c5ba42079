import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import envPaths from 'env-paths';
import { type Dataset, loadDataset } from '../data/dataset.ts';
import { syntheticDataset } from '../data/synthetic.ts';
import { TaurecError } from '../errors.ts';
import { fetchMovieLens, movielens } from './movielens.ts';
import type { Terminal } from './terminal.ts';

/** What the demo trains on, and how to call it. */
export interface DemoData {
  readonly name: string;
  readonly dataset: Dataset;
}

/**
 * The data of the demo: the folder or file given; else `$TAUREC_DATA/movielens-100k`; else MovieLens 100K from the cache or from GroupLens;
 * else, without a network, a synthetic catalogue. A tenth of the training part is for validation.
 */
export async function demoData(
  terminal: Terminal,
  given: string | undefined,
  seed: number,
  say: (text: string) => void,
): Promise<DemoData> {
  if (given !== undefined) return { name: basename(given), dataset: await readGiven(given, seed) };
  const shared = terminal.env.TAUREC_DATA && join(terminal.env.TAUREC_DATA, 'movielens-100k');
  if (shared && existsSync(shared)) {
    say(`Using ${shared} (films without titles).`);
    return { name: 'MovieLens 100K', dataset: await readGiven(shared, seed) };
  }
  const { folder, file, sha256 } = movielens;
  const url = `${terminal.env.TAUREC_MOVIELENS ?? folder}/${file}`;
  const cache = terminal.env.TAUREC_CACHE ?? envPaths('taurec', { suffix: '' }).cache;
  try {
    const files = await fetchMovieLens({ cache: join(cache, 'movielens-100k'), url, sha256 });
    const [train, minRating] = [files.ratings, 4];
    const columns = { user: 1, item: 2, rating: 3, time: 4, header: false };
    const options = {
      train,
      minRating,
      ...columns,
      titles: files.titles,
      split: 'random',
      validRatio: 0.1,
      seed,
    } as const;
    return { name: 'MovieLens 100K (ratings of 4 and 5)', dataset: await loadDataset(options) };
  } catch (error) {
    if (error instanceof TaurecError) throw error;
    say(`Cannot get MovieLens (${(error as Error).message}).`);
    say('Using a synthetic catalogue instead; the first word of a title names its genre.');
    return { name: 'a synthetic catalogue', dataset: madeUp(seed) };
  }
}

/** A folder with train.* and test.* (and valid.*, titles.*), or one file, of which a fifth is held out. */
async function readGiven(path: string, seed: number): Promise<Dataset> {
  if (!existsSync(path)) throw new TaurecError('file-not-found', { file: path });
  if (!statSync(path).isDirectory()) return loadDataset({ train: path, split: 'random', validRatio: 0.1, seed });
  const find = (part: string) => {
    const name = readdirSync(path).find((file) => file.startsWith(`${part}.`));
    return name && join(path, name);
  };
  const [train, valid, test, titles] = ['train', 'valid', 'test', 'titles'].map(find);
  if (!train) throw new TaurecError('file-not-found', { file: join(path, 'train.csv') });
  const held = test ? { test } : { split: 'random' as const };
  return loadDataset({ train, ...held, ...(valid ? { valid } : { validRatio: 0.1 }), titles, seed });
}

function madeUp(seed: number): Dataset {
  return syntheticDataset({ users: 2000, items: 1200, interactions: 90_000, validRatio: 0.08, seed });
}
