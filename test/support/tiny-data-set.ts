import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Csr, csrRow } from '../../src/array/csr.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';

/** Writes a small data set as a folder with train.csv and test.csv, as experiments read them; returns its path. */
export function tinyDataSet(parent: string, name = 'tiny', seed = 3): string {
  const { train, test } = syntheticDataset({ users: 60, items: 50, interactions: 900, seed, testRatio: 0.2 });
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'train.csv'), logText(train));
  writeFileSync(join(path, 'test.csv'), logText(test!));
  return path;
}

function logText(matrix: Csr): string {
  let text = 'user,item\n';
  for (let u = 0; u < matrix.rows; u++) for (const i of csrRow(matrix, u)) text += `u${u},i${i}\n`;
  return text;
}
