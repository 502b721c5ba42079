import { assembleDataset, type DatasetOptionsOf } from '../../data/assemble-dataset.ts';
import type { Dataset } from '../../data/build-dataset.ts';
import { datasetSchema } from '../../data/dataset-options.ts';
import { TaurecError } from '../../errors.ts';
import { checkOptions } from '../../option.ts';
import type { PagePlace, PageSource } from './page-source.ts';
import { readCatalogue } from './read-catalogue.ts';
import type { ReadControls } from './read-controls.ts';
import { readInteractions } from './read-interactions.ts';
import { readTitles } from './read-titles.ts';

/** Options of `loadDataset` in a browser: those of Node, with the sources of a page in place of paths. Only `train` is required. */
export type PageDatasetOptions = DatasetOptionsOf<PageSource, PagePlace>;

/** The options without the sources, which have their own checks. */
const schema = datasetSchema.omit({ train: true, valid: true, test: true, titles: true, catalogue: true });

/**
 * Reads the files of a dataset in a browser, filters and splits them, and maps all parts to one set of user and item indices, as `loadDataset` does in Node.
 * @throws TaurecError as in Node; `aborted` by `controls.signal`
 */
export async function loadDataset(options: PageDatasetOptions, controls: ReadControls = {}): Promise<Dataset> {
  checkOptions(schema, options, { split: 'split', validSplit: 'split' });
  if (options.train === undefined)
    throw new TaurecError('bad-option', { option: 'train', got: undefined, expected: 'a File, a Blob or an address' });
  return assembleDataset(options, {
    log: (source) => readInteractions(source, options, controls),
    titles: (source, items, own) => readTitles(source, items, own, controls),
    catalogue: (source, own) => readCatalogue(source, own, controls),
  });
}
