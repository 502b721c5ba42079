// The options of a dataset, declared once.

import * as z from 'zod';
import {
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
import { readShape } from './read-options.ts';
import { splitMethods } from './split/split.ts';
import type { TitleOptions } from './title-columns.ts';

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
  validRatio: option(numberWhere('a number from 0 to below 1', (x) => x >= 0 && x < 1).default(0), {
    group,
    flag: '--valid-ratio <number>',
    help: 'fraction of the training data to hold out for validation (default: 0, in searches 0.1)',
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
  testRatio: option(properFraction.default(0.2), {
    group,
    flag: '--test-ratio <number>',
    help: 'fraction that --split holds out',
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
  seed: option(finite.default(0), {
    group,
    flag: '--data-seed <number>',
    help: 'seed of the random splits (default: that of --seed)',
  }),
};

/** The schema of `DatasetOptions`. */
export const datasetSchema = z.object(datasetShape);

/** All options for reading, splitting and filtering data with their paths. */
export const datasetOptions: readonly DeclaredOption[] = declaredOptions(datasetShape);

/** Options for reading, splitting and filtering a dataset. Only `train` is required. */
export type DatasetOptions = z.input<typeof datasetSchema>;
