import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { databasePlace } from '../data/database/database-place.ts';
import { type DatasetOptions, datasetOptions } from '../data/dataset.ts';
import { type ReadOptions, readOptions } from '../data/read-options.ts';
import { isUrl, type Source, shownSource } from '../data/source/source-name.ts';
import { addDeclaredFlags, declaredValues } from './declared-flags.ts';
import { core, jsonOrFile } from './parse.ts';

/** Flags for reading a data file: columns, format and filter. */
export type ReadFlags = ReadOptions;

/** Adds the flags for reading a data file. */
export function addReadOptions(command: Command): void {
  addDeclaredFlags(command, readOptions, { nullValues: (texts) => texts.split(','), events: jsonOrFile });
}

/** The options for splitting and filtering: those of a dataset without those for reading its files. */
const splitOptions = datasetOptions.filter(({ path }) => !readOptions.some((option) => option.path === path));

/** Adds the flags for splitting and filtering training data. */
export function addSplitOptions(command: Command): void {
  addDeclaredFlags(command, splitOptions, { kCore: core });
}

/** The values of the flags that `addReadOptions` has added. */
export function readOptionsOf(flags: ReadFlags): ReadOptions {
  return declaredValues(readOptions, flags);
}

/** The flags of `addSplitOptions`. The flag of `recencyHalfLife` is `--half-life`, that of `seed` `--data-seed`. */
export interface SplitFlags
  extends Omit<DatasetOptions, keyof ReadOptions | 'train' | 'seed' | 'titleOptions' | 'recencyHalfLife'> {
  halfLife?: number;
  dataSeed?: number;
}

/** The values of all data flags, except the training file. */
export function datasetOptionsOf(flags: ReadFlags & SplitFlags): Omit<DatasetOptions, 'train'> {
  return declaredValues(datasetOptions, flags);
}

/**
 * The default name of a model or study. `ratings.csv` gives "ratings"; `gowalla/train.tsv.gz` gives "gowalla", because "train" says nothing; several files give the name of
 * the first, a pattern that of its folder; a database gives its table.
 */
export function dataName(source: Source): string {
  if (typeof source !== 'string') return dataName(source[0]!);
  const place = databasePlace(source);
  if (place) return place.label;
  if (source === '-') return 'standard-input';
  if (/[*?[]/.test(source)) return dataName(source.replace(/[/\\]?[^/\\]*[*?[].*$/s, '') || '.');
  if (isUrl(source)) return dataName(new URL(shownSource(source)).pathname.replace(/\/+$/, '') || 'download');
  // Drops up to two extensions, such as .tsv.gz.
  const name = basename(resolve(source)).replace(/(\.[a-z]\w{0,8}){1,2}$/i, '');
  return /^train(ing)?$/i.test(name) ? basename(dirname(resolve(source))) || name : name;
}
