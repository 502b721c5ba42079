import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import type { Sample } from '../workbench/host.ts';

/** The files of MovieLens as taurec reads them. */
export interface MovieLensFiles {
  /** Path of a file with `user item rating time`, separated by tabs, without a header. */
  readonly ratings: string;
  /** Path of a CSV file with the header `item,title`. */
  readonly titles: string;
}

/** The folder that `taurec demo` unpacks MovieLens 100K into, below `TAUREC_CACHE` or the system's folder for caches. */
export function movieLensFolder(env: NodeJS.ProcessEnv): string {
  return join(env.TAUREC_CACHE ?? envPaths('taurec', { suffix: '' }).cache, 'movielens-100k');
}

/** The files of MovieLens in a folder, which may not be there. */
export function movieLensFiles(folder: string): MovieLensFiles {
  return { ratings: join(folder, 'ratings.tsv'), titles: join(folder, 'titles.csv') };
}

/** MovieLens 100K where `taurec demo` has put it; else no sample. */
export function movieLensSamples(env: NodeJS.ProcessEnv): readonly Sample[] {
  const { ratings, titles } = movieLensFiles(movieLensFolder(env));
  if (!existsSync(ratings) || !existsSync(titles)) return [];
  return [
    {
      id: 'movielens',
      name: 'MovieLens 100K',
      about: '943 people rate films; a minimal rating of 4 leaves what they liked.',
      log: async () => {
        const rows = (await readFile(ratings, 'utf8')).replaceAll('\t', ',');
        return { name: 'movielens.csv', content: `user,item,rating,time\n${rows}` };
      },
      catalogue: async () => ({ name: 'movielens-items.csv', content: await readFile(titles, 'utf8') }),
    },
  ];
}
