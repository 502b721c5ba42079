import { basename, dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { databasePlace } from '../data/database/database-place.ts';
import type { DatasetOptions } from '../data/dataset.ts';
import type { ReadOptions } from '../data/read.ts';
import { splitMethods } from '../data/split/split.ts';
import { core, number } from './parse.ts';

/** Column, format and filter options of a data file. Their names are those of `ReadOptions`, except for `rejects`. */
export interface ReadFlags
  extends Pick<
    ReadOptions,
    | 'user'
    | 'item'
    | 'rating'
    | 'time'
    | 'weight'
    | 'minRating'
    | 'format'
    | 'delimiter'
    | 'header'
    | 'onBadRow'
    | 'rejectsDirectory'
  > {}

const readNames = [
  'user',
  'item',
  'rating',
  'time',
  'weight',
  'minRating',
  'format',
  'delimiter',
  'header',
  'onBadRow',
  'rejectsDirectory',
] as const;

/** Adds the options for reading a data file. */
export function addReadOptions(command: Command): void {
  command
    .optionsGroup('Reading data:')
    .option('--user <column>', 'user column: its name, or its position counted from 1 (default: found by name, else 1)')
    .option('--item <column>', 'item column (default: found by name, else 2)')
    .option('--rating <column>', 'rating column (default: found by name)')
    .option('--no-rating', 'ignore ratings')
    .option('--time <column>', 'time column (default: found by name)')
    .option('--no-time', 'ignore times')
    .option('--weight <column>', 'column with a weight for each row')
    .option('--min-rating <number>', 'keep only rows rated at least this', number)
    .addOption(
      new Option('--format <name>', 'file format (default: detected)').choices([
        'auto',
        'csv',
        'tsv',
        'jsonl',
        'parquet',
        'lightgcn',
      ]),
    )
    .option('--delimiter <text>', 'field separator (default: detected)')
    .option('--header', 'the first line holds column names (default: detected)')
    .option('--no-header', 'the first line is data')
    .addOption(
      new Option('--on-bad-row <what>', 'unreadable rows: stop, or skip them and list them in a file').choices([
        'fail',
        'skip',
      ]),
    )
    .option('--rejects-directory <folder>', 'folder for the file of skipped rows (default: the current folder)');
}

/** Adds the options for splitting and filtering training data. */
export function addSplitOptions(command: Command): void {
  command
    .optionsGroup('Splitting and filtering data:')
    .option('--valid <file>', 'validation interactions, to choose the best epoch')
    .option('--valid-ratio <number>', 'fraction of the training data to hold out for validation', number)
    .addOption(
      new Option(
        '--valid-split <method>',
        'how validation data is held out (default: debiased with --aim discovery, else as --split, else random)',
      ).choices(splitMethods),
    )
    .option('--test <file>', 'test interactions, to measure the model')
    .addOption(new Option('--split <method>', 'hold out a test part of the data').choices(splitMethods))
    .option('--test-ratio <number>', 'fraction that --split holds out (default: 0.2)', number)
    .option('--k-core <number>', 'drop users and items with fewer interactions; 5,10: users, items', core)
    .option(
      '--half-life <number>',
      'age at which an interaction counts half, in the unit of the time column (seconds for dates)',
      number,
    )
    .option('--titles <file>', 'file of item titles, shown with recommendations');
}

/** The options of `addReadOptions` on the command line. */
export function readOptionsOf(flags: ReadFlags): ReadOptions {
  return Object.fromEntries(readNames.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]));
}

/** The flags of `addSplitOptions`. */
export interface SplitFlags
  extends Pick<
    DatasetOptions,
    'valid' | 'validRatio' | 'validSplit' | 'test' | 'split' | 'testRatio' | 'kCore' | 'titles'
  > {
  halfLife?: number;
}

const splitNames = ['valid', 'validRatio', 'validSplit', 'test', 'split', 'testRatio', 'kCore', 'titles'] as const;

/** All data options on the command line, except the training file and the seed. */
export function datasetOptionsOf(flags: ReadFlags & SplitFlags): Omit<DatasetOptions, 'train'> {
  const given = splitNames.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]);
  return {
    ...readOptionsOf(flags),
    ...Object.fromEntries(given),
    ...(flags.halfLife !== undefined && { recencyHalfLife: flags.halfLife }),
  };
}

/** Options whose flag has another name. */
const renamed: Partial<Record<keyof DatasetOptions, string>> = { recencyHalfLife: 'half-life' };
/** Options without a flag here: the file is the command's argument, the seed belongs to training. */
const without = new Set<string>(['train', 'seed', 'titleOptions']);

/** The command-line arguments that set these data options. */
export function dataArguments(options: Partial<DatasetOptions>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || without.has(name)) return [];
    const flag =
      renamed[name as keyof DatasetOptions] ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (value === true) return [`--${flag}`];
    if (value === false) return [`--no-${flag}`];
    if (name === 'kCore' && typeof value === 'object') {
      const { users, items } = value as Exclude<DatasetOptions['kCore'], number | undefined>;
      return [`--${flag}`, `${users},${items}`];
    }
    return [`--${flag}`, String(value)];
  });
}

/** The default name of a model or study. ratings.csv → "ratings"; gowalla/train.tsv.gz → "gowalla", because "train" says nothing; of a database, the table. */
export function dataName(source: string): string {
  const place = databasePlace(source);
  if (place) return place.label;
  const name = basename(source).replace(/(\.[a-z]\w{0,8}){1,2}$/i, '');
  return /^train(ing)?$/i.test(name) ? basename(dirname(resolve(source))) || name : name;
}
