// Loads a dataset: reads its files, filters and splits them, and maps all parts to the same indices.

import { createHash } from 'node:crypto';
import * as z from 'zod';
import { TaurecError } from '../errors.ts';
import {
  checkOptions,
  type DeclaredOption,
  declaredOptions,
  finite,
  numberWhere,
  oneOf,
  option,
  positive,
  properFraction,
  whole,
} from '../option.ts';
import { buildDataset, type Dataset, type Parts } from './build-dataset.ts';
import { idFormHints } from './id-forms.ts';
import type { Interactions } from './interactions.ts';
import { kCore } from './k-core.ts';
import { readInteractions } from './read.ts';
import { readCatalogue } from './read-catalogue.ts';
import { readShape } from './read-options.ts';
import { readTitles, type TitleOptions } from './read-titles.ts';
import { latestTime, recencyWeights } from './recency-weights.ts';
import type { Source } from './source/expand-source.ts';
import { type SplitMethod, type SplitRecord, split, splitMethods } from './split/split.ts';

export type { Dataset } from './build-dataset.ts';

const group = 'Splitting and filtering data:';
const file = z.string({ error: 'a file' });
const files = z.union([file, z.array(file).min(1).readonly()], { error: 'a file, or a list of files' });
const leastCount = whole(0);

/** The declarations of all options for reading, splitting and filtering data. */
export const datasetShape = {
  ...readShape,
  /** Training interactions: a file, folder, pattern, URL or a list of them, or a database table or query, as `readInteractions` names it (likewise `valid` and `test`). With `split`, the test part is taken from them. */
  train: option(files, { help: 'interactions to train on' }),
  /** Validation interactions. Cannot be combined with `validRatio`. */
  valid: option(files.optional(), {
    group,
    flag: '--valid <file>',
    help: 'validation interactions, to choose the best epoch',
  }),
  /** Fraction of the training entries to hold out for validation, 0 ≤ x < 1. Default 0: none. */
  validRatio: option(numberWhere('a number from 0 to below 1', (x) => x >= 0 && x < 1).optional(), {
    group,
    flag: '--valid-ratio <number>',
    help: 'fraction of the training data to hold out for validation',
  }),
  /** Method of holding out validation entries. The aim `discovery` needs `debiased`. Default: the method of `split`, else `random`. */
  validSplit: option(oneOf(splitMethods).optional(), {
    group,
    flag: '--valid-split <method>',
    help: 'method of holding out validation data (default: debiased with --aim discovery, else as --split, else random)',
  }),
  /** Test interactions. Cannot be combined with `split`. */
  test: option(files.optional(), {
    group,
    flag: '--test <file>',
    help: 'test interactions, to measure the model',
  }),
  /** Method of holding a test part out of `train`. Default: no test part is held out. */
  split: option(oneOf(splitMethods).optional(), {
    group,
    flag: '--split <method>',
    help: 'hold out part of the data for testing',
  }),
  /** Fraction that `split` holds out for testing, 0 < x < 1. Default 0.2. */
  testRatio: option(properFraction.optional(), {
    group,
    flag: '--test-ratio <number>',
    help: 'fraction that --split holds out (default: 0.2)',
  }),
  /** Minimum number of interactions of users and items. Keeps the k-core of `train`, before splits; other files stay as they are. Default: no filter. */
  kCore: option(
    z
      .union([leastCount, z.object({ users: leastCount, items: leastCount })], {
        error: 'a whole number ≥ 0, or {users, items}',
      })
      .optional(),
    {
      group,
      flag: '--k-core <number>',
      help: 'drop users and items with fewer interactions; 5,10: users, items',
    },
  ),
  /** Half-life of interaction weights, in the unit of the times (seconds for dates): an entry of that age counts half. Infinity weights all alike. Default: no weights by age. */
  recencyHalfLife: option(z.union([positive, z.literal(Infinity)], { error: 'a number above 0' }).optional(), {
    group,
    flag: '--half-life <number>',
    help: 'age at which an interaction counts half, in the unit of the time column (seconds for dates)',
  }),
  /** File of item titles. Default: none. */
  titles: option(file.optional(), {
    group,
    flag: '--titles <file>',
    help: 'file of item titles, shown with recommendations',
  }),
  /** Catalogue of the items: ids, titles and attributes that lists can be filtered by (`readCatalogue`). A file, URL or database table. Cannot be combined with `titles`. Default: none. */
  catalogue: option(file.optional(), {
    group,
    flag: '--catalogue <file>',
    help: 'file or table of items with titles and attributes, to show and to filter by',
  }),
  /** Columns and format of the `titles` file or the `catalogue`. */
  titleOptions: option(
    z.custom<TitleOptions>((value) => typeof value === 'object', { error: 'an object' }).optional(),
    { help: 'columns and format of the titles or the catalogue' },
  ),
  /** Seed of the random splits. Default 0. */
  seed: option(finite.optional(), { help: 'seed of the random splits' }),
};

const schema = z.object(datasetShape);

/** All options for reading, splitting and filtering data with their paths. */
export const datasetOptions: readonly DeclaredOption[] = declaredOptions(datasetShape);

/** Options for reading, splitting and filtering a dataset. Only `train` is required. */
export type DatasetOptions = z.input<typeof schema>;

/**
 * Reads the files of a dataset, filters and splits them, and maps all parts to one set of user and item indices. The order is: k-core, test split, validation
 * split, recency weights. The validation part comes from the training entries, never from the test part. If a validation split would leave one side empty, there is
 * no validation part.
 * @throws TaurecError `bad-option` for options that cannot be combined, `empty-data` if the test split holds nothing out, and the errors of `readInteractions`,
 * `kCore`, `split`, `recencyWeights`, `readTitles` and `readCatalogue`
 */
export async function loadDataset(options: DatasetOptions): Promise<Dataset> {
  checkOptions(schema, options, { split: 'split', validSplit: 'split' });
  checkTogether(options);
  const { seed = 0, validRatio = 0 } = options;
  const read = (file: Source) => readInteractions(file, options);
  const whole = await read(options.train);
  const given = {
    valid: options.valid && (await read(options.valid)),
    test: options.test && (await read(options.test)),
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
  const sha256 = digests.length === 1 ? digests[0]! : createHash('sha256').update(digests.join('')).digest('hex');
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
    const catalogue = await readCatalogue(options.catalogue, itemOptions);
    const titles =
      catalogue.titles && Array.from(dataset.items, (id) => catalogue.titles![catalogue.ids.indexOf(id)] ?? '');
    return { ...dataset, catalogue, ...(titles && { titles }) };
  }
  return options.titles
    ? { ...dataset, titles: await readTitles(options.titles, dataset.items, itemOptions) }
    : dataset;
}

/** Refuses options that cannot be combined. @throws TaurecError `bad-option` */
function checkTogether(options: DatasetOptions): void {
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
