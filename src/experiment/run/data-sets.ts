import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TaurecError } from '../../errors.ts';
import type { TrainConfigInput } from '../../training/config.ts';
import type { DataSource } from './run.ts';

/** What suits the public data sets whatever the loss, as measured on validation data; other folders take the defaults. */
const suited: Readonly<Record<string, TrainConfigInput>> = {
  'movielens-100k': {},
  'movielens-1m': { batch: { rows: 128 }, epochs: 60 },
  'movielens-1m-temporal': { batch: { rows: 128 }, epochs: 60 },
  'amazon2014-health': { batch: { rows: 64, negatives: 'all' } },
  'amazon2014-electronic': { batch: { rows: 128 }, learningRate: 0.03, epochs: 60 },
  gowalla: { learningRate: 0.03, epochs: 90 },
  'amazon2014-electronic-popularity': { learningRate: 0.03, epochs: 40 },
  'amazon2014-cd-popularity': { learningRate: 0.03, epochs: 40 },
  'gowalla-popularity': { learningRate: 0.03, epochs: 40 },
  yelp2018: { learningRate: 0.03, epochs: 90 },
};

/**
 * A data set as a folder with files `train.*` and `test.*`: one of `$TAUREC_DATA` by its name, or any other by its path.
 * @throws TaurecError `unknown-name`, `bad-option` when there is no such folder, `file-not-found` when it lacks a file.
 */
export function folderDataSet(nameOrPath: string): DataSource {
  const folder = folderOf(nameOrPath);
  const name = basename(folder);
  const files = { train: fileOf(folder, 'train'), test: fileOf(folder, 'test') };
  return { name, files, config: suited[name] ?? {} };
}

function folderOf(nameOrPath: string): string {
  if (/[/\\]/.test(nameOrPath)) {
    if (existsSync(nameOrPath)) return nameOrPath;
    throw new TaurecError('file-not-found', { file: nameOrPath });
  }
  const home = process.env.TAUREC_DATA;
  if (!home) {
    const remedy = 'Set TAUREC_DATA to the folder that holds the data sets, or give the path of one: ./films.';
    const expected = 'a data set of $TAUREC_DATA, which is not set';
    throw new TaurecError('bad-option', { option: 'data', got: nameOrPath, expected, remedy });
  }
  const folder = join(home, nameOrPath);
  if (existsSync(folder)) return folder;
  const known = existsSync(home) ? readdirSync(home).filter((entry) => !entry.includes('.')) : [];
  throw new TaurecError('unknown-name', { kind: `data set of ${home}`, got: nameOrPath, known });
}

function fileOf(folder: string, part: 'train' | 'test'): string {
  const name = readdirSync(folder)
    .sort()
    .find((file) => file.startsWith(`${part}.`));
  if (name !== undefined) return join(folder, name);
  throw new TaurecError('file-not-found', { file: join(folder, `${part}.*`) });
}
