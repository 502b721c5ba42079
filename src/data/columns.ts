// Columns of a log: the options that name them, and their detection by usual names.

import * as z from 'zod';
import { TaurecError } from '../errors.ts';
import { option } from '../option.ts';
import type { EventOptions } from './event-kinds.ts';

/** A column: its name, or its position counted from 1. Text made of digits that is no column name is a position too. */
export type Column = string | number;

const group = 'Reading data:';
const columnExpected = 'a column: its name, or its position counted from 1';
const column = z.union([z.string(), z.number()], { error: columnExpected });
const columnOrNone = z.union([z.string(), z.number(), z.literal(false)], { error: `${columnExpected}; false: none` });

/** The declarations of the columns by role. `false` ignores a rating or time column that would otherwise be detected by its name. */
export const columnShape = {
  /** Column of user ids. Default: the first column with a usual name (user, user_id, customer …), else column 1. */
  user: option(column.optional(), {
    group,
    flag: '--user <column>',
    help: 'user column: its name, or its position counted from 1 (default: found by name, else 1)',
  }),
  /** Column of item ids. Default: the first column with a usual name (item, item_id, movieId, product, asin …), else column 2. */
  item: option(column.optional(), {
    group,
    flag: '--item <column>',
    help: 'item column (default: found by name, else 2)',
  }),
  /** Column of ratings. Default: the first column with a usual name (rating, score, stars …), else none. */
  rating: option(columnOrNone.optional(), {
    group,
    flag: '--rating <column>',
    help: 'rating column (default: found by name)',
    opposite: 'ignore ratings',
  }),
  /** Column of times: numbers or ISO dates. Default: the first column with a usual name (timestamp, time, date …), else none. */
  time: option(columnOrNone.optional(), {
    group,
    flag: '--time <column>',
    help: 'time column (default: found by name)',
    opposite: 'ignore times',
  }),
  /** Column of weights: how much a row counts as a positive. Default: none, all rows count equally. */
  weight: option(column.optional(), {
    group,
    flag: '--weight <column>',
    help: 'column with a weight for each row',
  }),
};

/** Columns of a log by role. */
export type ColumnOptions = z.input<z.ZodObject<typeof columnShape>> & EventOptions;

/** The meaning of a column for a reader of interactions. */
export type Role = 'user' | 'item' | 'rating' | 'time' | 'weight' | 'event';
/** All roles, in the order of the columns in temporary files. */
export const roles: readonly Role[] = ['user', 'item', 'rating', 'time', 'weight', 'event'];

/** Column positions, counted from 0, by role. */
export type ColumnPositions = { user: number; item: number } & Partial<Record<Role, number>>;

/** Usual column names by role, normalised by `plain`: lower case, without `_`, `-`, spaces and a `:type` suffix (`user_id:token` → `userid`). */
const usualNames: Record<Exclude<Role, 'weight'>, ReadonlySet<string>> = {
  user: words(
    'user userid uid username customer customerid member memberid visitor visitorid reviewer reviewerid person personid account accountid',
  ),
  item: words(
    'item itemid iid movie movieid product productid asin parentasin artist artistid album albumid book bookid isbn track trackid song songid ' +
      'business businessid gmapid location locationid venue venueid poi poiid article articleid news newsid content contentid show showid game gameid ' +
      'app appid anime animeid video videoid document documentid recipe recipeid',
  ),
  rating: words('rating bookrating score stars overall'),
  time: words('timestamp time datetime date unixreviewtime unixtime ts createdat'),
  event: words('event eventtype eventname kind action actiontype behavior behaviour behaviortype'),
};

/** The words of a list separated by spaces. */
function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}

/** Normalises a column name for the comparison with `usualNames`. RecBole's .inter files have the `:type` suffix. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/:\w+$/, '')
    .replace(/[\s_-]/g, '');
}

/** True when `name` is a usual column name for `role`. */
export function isUsualName(role: keyof typeof usualNames, name: string): boolean {
  return usualNames[role].has(plain(name));
}

/**
 * Finds the position of each role's column: by the options, else by usual names.
 * @param names the names of the header; undefined without a header
 * @param width the number of columns
 * @throws TaurecError `missing-column`, with the list of existing columns
 */
export function findColumns(
  file: string,
  names: readonly string[] | undefined,
  width: number,
  options: ColumnOptions,
): ColumnPositions {
  const columns = names ?? Array.from({ length: width }, (_, c) => String(c + 1));
  // The position of a column that an option names.
  const asked = (role: Role, column: Column): number => {
    // Names are tried before positions, because a column may be called "2".
    const byName = typeof column === 'string' && names ? names.indexOf(column) : -1;
    if (byName >= 0) return byName;
    const position = /^\d+$/.test(String(column)) ? Number(column) - 1 : -1;
    if (position >= 0 && position < columns.length) return position;
    throw new TaurecError('missing-column', { file, got: column, role, columns });
  };
  // The position of the first column with a usual name; −1 without one.
  const usual = (role: Exclude<Role, 'weight'>): number =>
    names?.findIndex((name) => usualNames[role].has(plain(name))) ?? -1;
  const user = options.user !== undefined ? asked('user', options.user) : -1;
  const item = options.item !== undefined ? asked('item', options.item) : -1;
  // Without a usual name users are in column 1 and items in column 2. If the other role (at position `other`) has taken that column, the remaining one of the two is used.
  const guess = (role: 'user' | 'item', other: number, fallback: number): number => {
    const found = usual(role);
    if (found >= 0 && found !== other) return found;
    return asked(role, other === fallback ? 2 - fallback : fallback + 1);
  };
  const userAt = user >= 0 ? user : guess('user', item, 0);
  const itemAt = item >= 0 ? item : guess('item', userAt, 1);
  const positions: ColumnPositions = { user: userAt, item: itemAt };
  for (const role of ['rating', 'time'] as const) {
    const option = options[role];
    const at = option === false ? -1 : option === undefined ? usual(role) : asked(role, option);
    if (at >= 0) positions[role] = at;
  }
  if (options.weight !== undefined) positions.weight = asked('weight', options.weight);
  const { eventColumn, eventWeights, eventKinds } = options;
  if (eventColumn !== undefined) positions.event = asked('event', eventColumn);
  else if (eventWeights !== undefined || eventKinds !== undefined) {
    const at = usual('event');
    if (at < 0) throw new TaurecError('missing-column', { file, got: 'event', role: 'the kind of event', columns });
    positions.event = at;
  }
  return positions;
}

/** Checks that a table has a rating column if `minRating` is set. `columns` are the names of the header. @throws TaurecError `missing-column` */
export function checkRating(
  file: string,
  positions: ColumnPositions,
  columns: readonly string[],
  options: ColumnOptions & { minRating?: number; sumRatings?: boolean },
): void {
  if ((options.minRating === undefined && !options.sumRatings) || positions.rating !== undefined) return;
  throw new TaurecError('missing-column', {
    file,
    got: options.rating ?? 'rating',
    role: `the rating that ${options.sumRatings ? 'sumRatings' : 'minRating'} needs`,
    columns,
  });
}
