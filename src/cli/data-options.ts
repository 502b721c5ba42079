import { basename, dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { databasePlace } from '../data/database/database-place.ts';
import { type DatasetOptions, datasetOptions } from '../data/dataset.ts';
import { type ReadOptions, readOptions } from '../data/read.ts';
import { addDeclaredFlags, declaredValues, negation } from './declared-flags.ts';
import { core } from './parse.ts';

/** Column, format and filter options of a data file: those of `ReadOptions`. */
export type ReadFlags = ReadOptions;

/** Adds the options for reading a data file. */
export function addReadOptions(command: Command): void {
  addDeclaredFlags(command, readOptions);
}

/** The options for splitting and filtering: all of a dataset but those for reading its files. */
const splitOptions = datasetOptions.filter(({ path }) => !readOptions.some((option) => option.path === path));

/** Adds the options for splitting and filtering training data. */
export function addSplitOptions(command: Command): void {
  addDeclaredFlags(command, splitOptions, { kCore: core });
}

/** The options of `addReadOptions` on the command line. */
export function readOptionsOf(flags: ReadFlags): ReadOptions {
  return declaredValues(readOptions, flags);
}

/** The flags of `addSplitOptions`; that of `recencyHalfLife` has another name. */
export interface SplitFlags
  extends Omit<DatasetOptions, keyof ReadOptions | 'train' | 'seed' | 'titleOptions' | 'recencyHalfLife'> {
  halfLife?: number;
}

/** All data options on the command line, except the training file and the seed. */
export function datasetOptionsOf(flags: ReadFlags & SplitFlags): Omit<DatasetOptions, 'train'> {
  return declaredValues(datasetOptions, flags);
}

/** The command-line arguments that set these data options. The training file is the command's argument, the seed belongs to training. */
export function dataArguments(options: Partial<DatasetOptions>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = datasetOptions.find(({ path }) => path === name)?.facts?.flag;
    if (flag === undefined || value === undefined) return [];
    const { long, required } = new Option(flag);
    if (value === false) return [negation(flag)];
    if (!required) return value === true ? [long!] : [];
    if (name === 'kCore' && typeof value === 'object') {
      const { users, items } = value as Exclude<DatasetOptions['kCore'], number | undefined>;
      return [long!, `${users},${items}`];
    }
    return [long!, String(value)];
  });
}

/** The default name of a model or study. ratings.csv → "ratings"; gowalla/train.tsv.gz → "gowalla", because "train" says nothing; of a database, the table. */
export function dataName(source: string): string {
  const place = databasePlace(source);
  if (place) return place.label;
  const name = basename(source).replace(/(\.[a-z]\w{0,8}){1,2}$/i, '');
  return /^train(ing)?$/i.test(name) ? basename(dirname(resolve(source))) || name : name;
}
