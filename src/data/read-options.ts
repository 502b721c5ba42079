// The options for reading a log, declared once.

import * as z from 'zod';
import { type DeclaredOption, declaredOptions, finite, oneOf, option, textWhere } from '../option.ts';
import { columnShape } from './columns.ts';
import { eventShape } from './event-kinds.ts';
import { formats } from './formats/file-format.ts';
import { isTimeFormat, timeCodes } from './formats/time-format.ts';
import { sourceShape } from './source/prepare-file.ts';

const group = 'Reading data:';

/** The declarations of all options for reading a log. */
export const readShape = {
  ...columnShape,
  ...eventShape,
  /** Minimum rating: rows with a lower rating are dropped. Needs a rating column. Default: all rows are kept. */
  minRating: option(finite.optional(), {
    group,
    flag: '--min-rating <number>',
    help: 'keep only rows with at least this rating',
  }),
  /** True for signed quantities, such as orders and returns: the ratings of a pair are added up, and the pair stays if their sum is above 0, or at least `minRating`. Needs a rating column. Default false: the largest rating counts. */
  sumRatings: option(z.boolean({ error: 'true or false' }).default(false), {
    group,
    flag: '--sum-ratings',
    help: 'add up the ratings of a pair, such as quantities ordered and returned, and keep pairs above 0',
  }),
  /** File format. Default 'auto': detected from the content, then from the name (`guessFormat`). Gzip is always detected. */
  format: option(oneOf(['auto', ...formats]).default('auto'), {
    group,
    flag: '--format <name>',
    help: 'file format (default: detected)',
  }),
  ...sourceShape,
  /** Field separator of a table, one to four characters. Default: tab for .tsv, else the most frequent of `::` tab `,` `;` `|` or a space in the first line. */
  delimiter: option(
    textWhere('one to four characters, no quote or line end', (x) => /^[^"\r\n]{1,4}$/.test(x)).optional(),
    { group, flag: '--delimiter <text>', help: 'field separator (default: detected)' },
  ),
  /** The character that encloses fields of a table. Default: none where tabs separate fields; `'` where it encloses every field of the first line; else `"`. A field over several lines that look like rows is a bad row, unless the quote is named here. */
  quote: option(oneOf(['none', '"', "'"]).optional(), {
    group,
    flag: '--quote <character>',
    help: 'character around fields (default: none with tabs, else detected)',
  }),
  /** Decimal separator of ratings, times and weights. Default '.'. */
  decimal: option(oneOf(['.', ',']).default('.'), {
    group,
    flag: '--decimal <character>',
    help: 'decimal separator of numbers',
  }),
  /** Format of the times, as strptime codes: `%d/%m/%Y %H:%M`. Default: numbers, ISO dates, `2024/05/31`, `31.05.2024`, and times that end with UTC. */
  timeFormat: option(
    textWhere(
      `codes of year, month and day, with text between them, such as %d/%m/%Y %H:%M; known: ${timeCodes}`,
      isTimeFormat,
    ).optional(),
    {
      group,
      flag: '--time-format <text>',
      help: 'format of times, such as "%d/%m/%Y %H:%M" (default: numbers and ISO dates)',
    },
  ),
  /** Texts that mean "missing". A row with such an id is left out and counted; such a rating or time counts as blank. Default: none. */
  nullValues: option(z.array(z.string(), { error: 'a list of texts' }).default([]), {
    group,
    flag: '--null-values <texts>',
    help: 'texts that mean a missing value: NULL,NaN',
  }),
  /** True if the first record holds column names. Default 'auto': detected (`sniffTable`). */
  header: option(z.union([z.literal('auto'), z.boolean()], { error: "true, false or 'auto'" }).default('auto'), {
    group,
    flag: '--header',
    help: 'the first line holds column names (default: detected)',
    opposite: 'the first line is data',
  }),
  /** Handling of bad rows: 'fail' (default) throws an error with file, line and column; 'skip' leaves them out and lists them in a rejects file. */
  onBadRow: option(oneOf(['fail', 'skip']).default('fail'), {
    group,
    flag: '--on-bad-row <what>',
    help: 'unreadable rows: stop, or skip them and list them in a file',
  }),
  /** Folder for the rejects file, `<file name>.rejects.csv`. Default: the current folder. */
  rejectsDirectory: option(z.string({ error: 'a folder' }).optional(), {
    group,
    flag: '--rejects-directory <folder>',
    help: 'folder for the file of skipped rows (default: the current folder)',
  }),
};

/** The schema of `ReadOptions`. */
export const readSchema = z.object(readShape);

/** All options for reading a log with their paths. */
export const readOptions: readonly DeclaredOption[] = declaredOptions(readShape);

/** Options for reading a log: columns, format and handling of bad rows. All are optional. */
export type ReadOptions = z.input<typeof readSchema>;
