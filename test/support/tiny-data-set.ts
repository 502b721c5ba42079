import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { logText } from './log-text.ts';

/** Writes a small data set as a folder with train.csv and test.csv, as experiments read them; returns its path. */
export function tinyDataSet(parent: string, name = 'tiny', seed = 3): string {
  const { train, test } = syntheticDataset({ users: 60, items: 50, interactions: 900, seed, testRatio: 0.2 });
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'train.csv'), logText(train));
  writeFileSync(join(path, 'test.csv'), logText(test!));
  return path;
}
