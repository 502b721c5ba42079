// From the files of a dataset to the dataset, whoever reads the files.

import { TaurecError } from '../errors.ts';
import { buildDataset, type Dataset, type Parts } from './build-dataset.ts';
import type { CatalogueTable } from './catalogue-table.ts';
import type { DatasetOptions } from './dataset-options.ts';
import { idFormHints } from './id-forms.ts';
import type { IdMap } from './id-map.ts';
import type { Interactions } from './interactions.ts';
import { kCore } from './k-core.ts';
import { latestTime, recencyWeights } from './recency-weights.ts';
import { digestOf } from './source/merge-logs.ts';
import { type SplitMethod, type SplitRecord, split } from './split/split.ts';
import type { TitleOptions } from './title-columns.ts';

/** How the files of a dataset are read. `S` names the source of a log, `F` that of titles or a catalogue. */
export interface DatasetReaders<S, F> {
  log(source: S): Promise<Interactions>;
  titles(source: F, items: IdMap, options: TitleOptions): Promise<string[]>;
  catalogue(source: F, options: TitleOptions): Promise<CatalogueTable>;
}

/** The options of a dataset, with the sources that a reader takes. */
export type DatasetOptionsOf<S, F> = Omit<DatasetOptions, 'train' | 'valid' | 'test' | 'titles' | 'catalogue'> & {
  train: S;
  valid?: S;
  test?: S;
  titles?: F;
  catalogue?: F;
};

/**
 * Reads the files, filters and splits them, and maps all parts to one set of indices, in the order that `loadDataset` documents.
 * @throws TaurecError as `loadDataset`
 */
export async function assembleDataset<S, F>(
  options: DatasetOptionsOf<S, F>,
  readers: DatasetReaders<S, F>,
): Promise<Dataset> {
  checkTogether(options);
  const { seed = 0, validRatio = 0 } = options;
  const whole = await readers.log(options.train);
  const given = {
    valid: options.valid && (await readers.log(options.valid)),
    test: options.test && (await readers.log(options.test)),
  };
  const reports = {
    train: whole.report,
    ...(given.valid && { valid: given.valid.report }),
    ...(given.test && { test: given.test.report }),
  };
  const sources = {
    train: whole.source,
    ...(given.valid && { valid: given.valid.source }),
    ...(given.test && { test: given.test.source }),
  };
  let train: Interactions = options.kCore === undefined ? whole : kCore(whole, options.kCore);
  const parts: Omit<Parts, 'train'> = { valid: given.valid || undefined, test: given.test || undefined };
  const splits: { valid?: SplitRecord; test?: SplitRecord } = {};
  // Moves entries from `train` to a held-out part and returns it. If one of the two sides would be empty, it returns undefined and leaves `train` unchanged.
  const hold = (part: 'valid' | 'test', method: SplitMethod, ratio = 0.2): Interactions | undefined => {
    const { kept, held } = split(train, method, { seed, ratio, purpose: part });
    if (kept.users.length === 0 || held.users.length === 0) return undefined;
    train = kept;
    splits[part] = { method, ...(method !== 'leave-last-out' && { ratio }), seed };
    return held;
  };
  if (options.split) {
    parts.test = hold('test', options.split, options.testRatio);
    if (!parts.test)
      throw new TaurecError('empty-data', {
        file: whole.source,
        reason: `the ${options.split} split holds nothing out for testing`,
      });
  }
  if (validRatio > 0) parts.valid = hold('valid', options.validSplit ?? options.split ?? 'random', validRatio);
  const halfLife = options.recencyHalfLife;
  if (halfLife !== undefined) {
    // A refit also trains on validation entries, so they get weights too. Both parts measure age from the same instant, the latest training entry.
    const latest = latestTime(train);
    train = recencyWeights(train, halfLife, latest);
    if (parts.valid) parts.valid = recencyWeights(parts.valid, halfLife, latest);
  }
  const logs = [whole, given.valid, given.test].filter((log) => typeof log === 'object');
  // A single digest is used as it is, so that the SHA-256 of a one-file dataset equals the output of sha256sum.
  const digests = logs.map((log) => log.sha256);
  const sha256 = digests.length === 1 ? digests[0]! : digestOf(digests);
  const hints = [given.valid, given.test].flatMap((log) => (log ? idFormHints(whole, log) : []));
  const dataset = buildDataset(
    { train, ...parts },
    {
      sha256,
      source: logs.map((log) => log.source).join(', '),
      reports,
      sources,
      splits,
      ...(hints.length > 0 && { hints }),
    },
  );
  const itemOptions = { encoding: options.encoding, ...options.titleOptions };
  if (options.catalogue !== undefined) {
    const catalogue = await readers.catalogue(options.catalogue, itemOptions);
    const titles =
      catalogue.titles && Array.from(dataset.items, (id) => catalogue.titles![catalogue.ids.indexOf(id)] ?? '');
    return { ...dataset, catalogue, ...(titles && { titles }) };
  }
  return options.titles
    ? { ...dataset, titles: await readers.titles(options.titles, dataset.items, itemOptions) }
    : dataset;
}

/** Refuses options that cannot be combined. @throws TaurecError `bad-option` */
function checkTogether(options: DatasetOptionsOf<unknown, unknown>): void {
  const { validRatio = 0 } = options;
  if (options.valid !== undefined && validRatio > 0) {
    const remedy = 'Drop one of them: the validation file is used as given.';
    throw new TaurecError('bad-option', {
      option: 'validRatio',
      got: validRatio,
      conflict: 'valid',
      remedy,
    });
  }
  if (options.validSplit !== undefined && validRatio === 0) {
    throw new TaurecError('bad-option', {
      option: 'validSplit',
      got: options.validSplit,
      expected: 'a validRatio above 0',
    });
  }
  if (options.titles !== undefined && options.catalogue !== undefined) {
    const remedy = 'Give the titles as a column of the catalogue called title.';
    throw new TaurecError('bad-option', { option: 'titles', got: options.titles, conflict: 'catalogue', remedy });
  }
  if (options.test !== undefined && options.split) {
    const remedy = 'Drop one of them: the test file is used as given.';
    throw new TaurecError('bad-option', {
      option: 'split',
      got: options.split,
      conflict: 'test',
      remedy,
    });
  }
}
