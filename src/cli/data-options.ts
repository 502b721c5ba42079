import { type Command, Option } from 'commander';
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

/** Adds the options that say how a data file is read. */
export function addReadOptions(command: Command): void {
  command
    .optionsGroup('Reading data:')
    .option('--user <column>', 'name, or position from 1, of the user column (default: by its name, else 1)')
    .option('--item <column>', 'the item column (default: by its name, else 2)')
    .option('--rating <column>', 'the rating column (default: by its name)')
    .option('--no-rating', 'read no ratings')
    .option('--time <column>', 'the time column (default: by its name)')
    .option('--no-time', 'read no times')
    .option('--weight <column>', 'a column that weighs each row as a positive')
    .option('--min-rating <number>', 'keep rows with a rating of at least this', number)
    .addOption(
      new Option('--format <name>', 'default: by content and name').choices([
        'auto',
        'csv',
        'tsv',
        'jsonl',
        'parquet',
        'lightgcn',
      ]),
    )
    .option('--delimiter <text>', 'what divides two fields (default: found out)')
    .option('--header', 'the first line names the columns (default: found out)')
    .option('--no-header', 'the first line is data')
    .addOption(
      new Option('--on-bad-row <what>', 'fail, or skip and list such rows in a file').choices(['fail', 'skip']),
    )
    .option('--rejects-directory <folder>', 'where the file of skipped rows goes (default: the current folder)');
}

/** Adds the options that divide and filter training data. */
export function addSplitOptions(command: Command): void {
  command
    .optionsGroup('Dividing and filtering data:')
    .option('--valid <file>', 'interactions that the best epoch is chosen by')
    .option('--valid-ratio <number>', 'hold out this part of the training data to choose the best epoch by', number)
    .addOption(
      new Option(
        '--valid-split <method>',
        'how it is held out (default: debiased with --aim discovery, else as --split, else random)',
      ).choices(splitMethods),
    )
    .option('--test <file>', 'interactions that the model is measured on')
    .addOption(new Option('--split <method>', 'hold a test part out of the data').choices(splitMethods))
    .option('--test-ratio <number>', 'how much --split holds out (default: 0.2)', number)
    .option('--k-core <number>', 'leave out users and items with fewer interactions; "5,10": users, items', core)
    .option('--half-life <number>', 'weigh interactions by age, in the unit of the times (seconds for dates)', number)
    .option('--titles <file>', 'a file of items and their titles, shown to people');
}

/** The options of `addReadOptions` that were given. */
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

/** Everything that was given about the data, but for the training file and the seed. */
export function datasetOptionsOf(flags: ReadFlags & SplitFlags): Omit<DatasetOptions, 'train'> {
  const given = splitNames.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]);
  return {
    ...readOptionsOf(flags),
    ...Object.fromEntries(given),
    ...(flags.halfLife !== undefined && { recencyHalfLife: flags.halfLife }),
  };
}
