import { createHash } from 'node:crypto';
import { TaurecError } from '../errors.ts';
import { buildDataset, type Dataset, type Parts } from './build-dataset.ts';
import type { Interactions } from './interactions.ts';
import { type CoreThresholds, kCore } from './k-core.ts';
import { type ReadOptions, readInteractions } from './read.ts';
import { readTitles, type TitleOptions } from './read-titles.ts';
import { latestTime, recencyWeights } from './recency-weights.ts';
import { type SplitMethod, type SplitRecord, split } from './split/split.ts';

export type { Dataset } from './build-dataset.ts';

/** The files of a dataset and how to read, filter and split them. */
export interface DatasetOptions extends ReadOptions {
  /** The training log, or, with `split` or `validRatio`, the log to split: a file or a database table, as in `readInteractions`. The same holds for `valid` and `test`. */
  train: string;
  /** A file for validation. Excludes `validRatio`. */
  valid?: string;
  /** A file for testing. Excludes `split`. */
  test?: string;
  /** Holds the test part out of `train`. Default: no test part. */
  split?: SplitMethod;
  /** Fraction of the entries to hold out for testing, 0 < ratio < 1; without effect for leave-last-out. Default 0.2. */
  testRatio?: number;
  /** Fraction of the training entries to hold out for validation, 0 ≤ ratio < 1. Default 0: no validation part. */
  validRatio?: number;
  /** Split method for the validation part; use `debiased` for the aim `discovery`. Default: the method of `split`, else `random`. */
  validSplit?: SplitMethod;
  /** Reduces `train` to its k-core before it is split; the files of `valid` and `test` are not filtered. Default: no filter. */
  kCore?: number | CoreThresholds;
  /** Half-life of `recencyWeights` for training and validation entries, > 0, in the unit of the times (seconds for dates). Default: no weighting by age. */
  recencyHalfLife?: number;
  /** A file of items and their titles. */
  titles?: string;
  /** Columns and format of `titles`. */
  titleOptions?: TitleOptions;
  /** Seed of the random and debiased splits. Default 0. */
  seed?: number;
}

/**
 * Reads the files of a dataset, filters and splits them, and maps all parts to one set of user and item indices. The order is: k-core, test split, validation
 * split, recency weights. The validation part comes from the training entries, never from test.
 * @throws TaurecError `bad-option` for options that exclude each other, `empty-data` when the test split holds nothing out, and the errors of `readInteractions`,
 * `kCore`, `split`, `recencyWeights` and `readTitles`
 */
export async function loadDataset(options: DatasetOptions): Promise<Dataset> {
  checkOptions(options);
  const { seed = 0, validRatio = 0 } = options;
  const read = (file: string) => readInteractions(file, options);
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
  let train: Interactions = options.kCore === undefined ? whole : kCore(whole, options.kCore);
  const parts: Omit<Parts, 'train'> = { valid: given.valid || undefined, test: given.test || undefined };
  const splits: { valid?: SplitRecord; test?: SplitRecord } = {};
  // Moves entries from `train` to a held-out part. Undefined when one of the two sides would be empty; `train` is then unchanged.
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
    // A refit trains on validation entries, so they get weights too, measured from the same instant: the latest training entry.
    const latest = latestTime(train);
    train = recencyWeights(train, halfLife, latest);
    if (parts.valid) parts.valid = recencyWeights(parts.valid, halfLife, latest);
  }
  const logs = [whole, given.valid, given.test].filter((log) => typeof log === 'object');
  // One digest is used as is, so that the SHA-256 of a one-file dataset is the one that sha256sum prints.
  const digests = logs.map((log) => log.sha256);
  const sha256 = digests.length === 1 ? digests[0]! : createHash('sha256').update(digests.join('')).digest('hex');
  const dataset = buildDataset(
    { train, ...parts },
    { sha256, source: logs.map((log) => log.source).join(', '), reports, splits },
  );
  return options.titles
    ? { ...dataset, titles: await readTitles(options.titles, dataset.items, options.titleOptions) }
    : dataset;
}

/** Throws `bad-option` for a ratio out of range and for options that exclude each other. */
function checkOptions(options: DatasetOptions): void {
  const { validRatio = 0 } = options;
  if (!(validRatio >= 0 && validRatio < 1)) {
    throw new TaurecError('bad-option', {
      option: 'validRatio',
      got: validRatio,
      expected: 'a number from 0 to below 1',
    });
  }
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
