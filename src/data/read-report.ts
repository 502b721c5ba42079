// What a reader says about the rows that it kept.

import { type ColumnPositions, type Role, roles } from './columns.ts';
import type { IdMap } from './id-map.ts';
import type { RawColumns, ReadReport } from './interactions.ts';
import { spreadOf } from './spread.ts';

/** Rows shown by `taurec info`. */
export const shownRows = 3;

/** Ids that other programs write for a missing value. */
const nullTexts = ['NULL', 'Null', 'null', 'NaN', 'nan', 'NAN', 'None', 'none', 'N/A', '<NA>', '\\N'];

/** The first rows, as texts by role. */
export type FirstRows = NonNullable<ReadReport['firstRows']>;

/** The cells with a role of the first rows. */
export function firstRowsOf(rows: readonly (readonly string[])[], positions: ColumnPositions): FirstRows {
  const present = roles.filter((role) => positions[role] !== undefined);
  return rows
    .slice(0, shownRows)
    .map((row) => Object.fromEntries(present.map((role: Role) => [role, row[positions[role]!] ?? ''])));
}

/** The columns without ratings or times that no row has. */
export function withoutEmptyMeasures(columns: RawColumns): RawColumns {
  const { ratings, times, ...others } = columns;
  return {
    ...others,
    ...(ratings && blanksIn(ratings) < ratings.length && { ratings }),
    ...(times && blanksIn(times) < times.length && { times }),
  };
}

/** Counts and ranges of the rows kept, before duplicates are merged. */
export function reportOf(raw: RawColumns): Pick<ReadReport, 'ratings' | 'withoutRating' | 'withoutTime' | 'nullIds'> {
  const withoutRating = blanksIn(raw.ratings);
  const withoutTime = blanksIn(raw.times);
  const nullIds = countNullIds(raw);
  return {
    ...(raw.ratings && withoutRating < raw.ratings.length && { ratings: spreadOf(raw.ratings) }),
    ...(withoutRating > 0 && { withoutRating }),
    ...(withoutTime > 0 && { withoutTime }),
    ...(nullIds.count > 0 && { nullIds }),
  };
}

/** The missing values of a column. */
function blanksIn(values: Float32Array | Float64Array | undefined): number {
  let count = 0;
  for (const value of values ?? []) if (Number.isNaN(value)) count++;
  return count;
}

function countNullIds({ userIds, itemIds, users, items }: RawColumns): NonNullable<ReadReport['nullIds']> {
  const texts = nullTexts.filter((text) => userIds.indexOf(text) >= 0 || itemIds.indexOf(text) >= 0);
  const countIn = (ids: IdMap, codes: Int32Array) => {
    const nulls = new Set(texts.map((text) => ids.indexOf(text)).filter((code) => code >= 0));
    if (nulls.size === 0) return 0;
    let count = 0;
    for (const code of codes) if (nulls.has(code)) count++;
    return count;
  };
  return { count: countIn(userIds, users) + countIn(itemIds, items), texts };
}
