// Loads a dataset from files and databases.

import { checkOptions } from '../option.ts';
import { assembleDataset } from './assemble-dataset.ts';
import type { Dataset } from './build-dataset.ts';
import { type DatasetOptions, datasetSchema } from './dataset-options.ts';
import { readInteractions } from './read.ts';
import { readCatalogue } from './read-catalogue.ts';
import { readTitles } from './read-titles.ts';

export type { Dataset } from './build-dataset.ts';
export { type DatasetOptions, datasetOptions, datasetShape } from './dataset-options.ts';

/**
 * Reads the files of a dataset, filters and splits them, and maps all parts to one set of user and item indices. The order is: k-core, test split, validation
 * split, recency weights. The validation part comes from the training entries, never from the test part. If a validation split would leave one side empty, there is
 * no validation part.
 * @throws TaurecError `bad-option` for options that cannot be combined, `empty-data` if the test split holds nothing out, and the errors of `readInteractions`,
 * `kCore`, `split`, `recencyWeights`, `readTitles` and `readCatalogue`
 */
export async function loadDataset(options: DatasetOptions): Promise<Dataset> {
  checkOptions(datasetSchema, options, { split: 'split', validSplit: 'split' });
  return assembleDataset(options, {
    log: (source) => readInteractions(source, options),
    titles: readTitles,
    catalogue: readCatalogue,
  });
}
