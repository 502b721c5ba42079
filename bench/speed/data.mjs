import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadDataset, syntheticDataset } from '../../dist/index.js';

/** The folder of the data sets. */
export const dataFolder = process.env.TAUREC_DATA ?? join(import.meta.dirname, '../../../shared/data');

/** The folder of gowalla; undefined if the data sets do not include it. */
export function gowallaFolder() {
  const folder = join(dataFolder, 'gowalla');
  return existsSync(folder) ? folder : undefined;
}

/** @type {Promise<import('../../dist/index.js').Dataset> | undefined} */
let loaded;

/** gowalla, or synthetic data of its size. @param {number} seed */
export function gowallaSized(seed) {
  loaded ??= load(seed);
  return loaded;
}

/** @param {number} seed */
async function load(seed) {
  const folder = gowallaFolder();
  if (!folder) return syntheticDataset({ users: 29_858, items: 40_988, interactions: 1_027_464, seed });
  return loadDataset({ train: join(folder, 'train.tsv.gz'), test: join(folder, 'test.tsv.gz') });
}
