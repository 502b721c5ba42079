import { type Csr, csrFromEntries } from '../array/csr.ts';
import { sharedInt32 } from '../array/shared.ts';
import type { ColumnsRead, Role } from './columns.ts';
import type { KindCount } from './event-kinds.ts';
import type { PassedOver } from './formats/rejects.ts';
import type { IdMap } from './id-map.ts';
import type { Spread } from './spread.ts';

/**
 * A log of interactions as typed columns: entry e is an interaction of user `users[e]` with item `items[e]`. All columns have one value per entry. Entries are
 * distinct and sorted by user, then item. Duplicate rows of the source are merged into one entry with their largest rating, largest weight and latest time; with
 * `sumRatings` the rating is the sum.
 */
export interface Interactions {
  readonly userIds: IdMap;
  readonly itemIds: IdMap;
  /** User index of each entry; shared memory. */
  readonly users: Int32Array;
  /** Item index of each entry; shared memory. */
  readonly items: Int32Array;
  /** NaN for an entry without a rating. */
  readonly ratings?: Float32Array;
  /** In the log's own unit; dates are seconds since 1970-01-01 UTC. NaN for an entry without a time. */
  readonly times?: Float64Array;
  /** Weight of the entry as a positive, ≥ 0. */
  readonly weights?: Float32Array;
  readonly report: ReadReport;
  /** SHA-256 of the file's bytes on disk, in hexadecimal. */
  readonly sha256: string;
  /** Origin of the log: a path, a database place, or the parameters of a generator. */
  readonly source: string;
}

/** Row counts from reading a log. */
export interface ReadReport {
  /** Rows with a user and an item, including duplicates and rows below `minRating`, without bad rows. */
  readonly rows: number;
  /** Rows merged into an earlier row of the same (user, item) pair. */
  readonly duplicates: number;
  /** Bad rows skipped (`onBadRow: 'skip'`). */
  readonly skipped: number;
  /** Rows dropped by `minRating`. */
  readonly belowMinRating: number;
  /** Pairs dropped because the sum of their ratings is too low (`sumRatings`); absent without that option. */
  readonly cancelled?: number;
  /** Rows by kind of event, most frequent first, at most 100 kinds; absent without a column of kinds. */
  readonly kinds?: readonly KindCount[];
  /** Range of the ratings of the kept rows, before duplicates are merged; absent without a rating column. Every kept interaction is a positive, whatever its rating. */
  readonly ratings?: Spread;
  /** Rows kept without a rating, or without a time, where the log has such a column. */
  readonly withoutRating?: number;
  readonly withoutTime?: number;
  /** Ids such as NULL or NaN, which other programs write for a missing value: how many cells have them, and the distinct texts. */
  readonly nullIds?: { readonly count: number; readonly texts: readonly string[] };
  /** Rows passed over without fault. */
  readonly passed?: Readonly<PassedOver>;
  /** The columns that were read, and those that were not. */
  readonly columns?: ColumnsRead;
  /** The first rows, as texts by role. */
  readonly firstRows?: readonly Readonly<Partial<Record<Role, string>>>[];
  /** Path of the file that lists the skipped rows; absent when none was skipped. */
  readonly rejectsFile?: string;
  /** In a browser, which has no folders: the lists of skipped rows; absent when none was skipped. */
  readonly skippedRows?: readonly SkippedRows[];
}

/** A list of skipped rows: the name and the text of the file that Node writes (CSV: line, column, value, reason). */
export interface SkippedRows {
  readonly name: string;
  readonly text: string;
}

/** The columns as a reader produces them: unsorted, with duplicates. */
export interface RawColumns {
  userIds: IdMap;
  itemIds: IdMap;
  users: Int32Array;
  items: Int32Array;
  ratings?: Float32Array;
  times?: Float64Array;
  weights?: Float32Array;
}

/**
 * Sorts by user, then item, and merges duplicates. Two stable counting sorts make the cost linear in entries, users and items.
 * @param sumRatings true: the rating of a pair is the sum of its rows' ratings; false: the largest of them
 */
export function mergeDuplicates(raw: RawColumns, sumRatings = false): RawColumns & { duplicates: number } {
  // The second sort is stable, so sorting by item first leaves each user's items in order.
  const byItem = countingOrder(raw.items, raw.itemIds.size);
  const order = countingOrder(raw.users, raw.userIds.size, byItem);
  let count = 0;
  for (let p = 0; p < order.length; p++) if (p === 0 || !samePair(raw, order[p - 1]!, order[p]!)) count++;
  const users = sharedInt32(count);
  const items = sharedInt32(count);
  const ratings = raw.ratings && new Float32Array(count);
  const times = raw.times && new Float64Array(count);
  const weights = raw.weights && new Float32Array(count);
  const both = sumRatings ? sum : larger;
  let at = -1;
  for (let p = 0; p < order.length; p++) {
    const e = order[p]!;
    const first = p === 0 || !samePair(raw, order[p - 1]!, e);
    if (first) at++;
    users[at] = raw.users[e]!;
    items[at] = raw.items[e]!;
    if (ratings) ratings[at] = first ? raw.ratings![e]! : both(ratings[at]!, raw.ratings![e]!);
    if (times) times[at] = first ? raw.times![e]! : larger(times[at]!, raw.times![e]!);
    if (weights) weights[at] = first ? raw.weights![e]! : Math.max(weights[at]!, raw.weights![e]!);
  }
  const { userIds, itemIds } = raw;
  return { userIds, itemIds, users, items, ratings, times, weights, duplicates: order.length - count };
}

/** The sum of two numbers; NaN, a missing one, only where both are. */
function sum(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b;
}

/** The larger of two numbers; NaN, a missing one, only where both are. */
function larger(a: number, b: number): number {
  return b > a || Number.isNaN(a) ? b : a;
}

/** The entries as a users × items matrix; its values are the weights, if the log has any. */
export function toCsr(log: Pick<Interactions, 'userIds' | 'itemIds' | 'users' | 'items' | 'weights'>): Csr {
  return csrFromEntries(log.userIds.size, log.itemIds.size, log.users, log.items, log.weights);
}

/** The entries e with `keep[e]` = 1; every other value of `keep` must be 0. The id maps stay unchanged, so they may contain ids without an entry. */
export function selectEntries(log: Interactions, keep: Uint8Array): Interactions {
  let count = 0;
  for (const k of keep) count += k;
  const users = sharedInt32(count);
  const items = sharedInt32(count);
  const ratings = log.ratings && new Float32Array(count);
  const times = log.times && new Float64Array(count);
  const weights = log.weights && new Float32Array(count);
  let at = 0;
  for (let e = 0; e < keep.length; e++) {
    if (!keep[e]) continue;
    users[at] = log.users[e]!;
    items[at] = log.items[e]!;
    if (ratings) ratings[at] = log.ratings![e]!;
    if (times) times[at] = log.times![e]!;
    if (weights) weights[at] = log.weights![e]!;
    at++;
  }
  return { ...log, users, items, ratings, times, weights };
}

function samePair(raw: RawColumns, a: number, b: number): boolean {
  return raw.users[a] === raw.users[b] && raw.items[a] === raw.items[b];
}

/** The entries in ascending order of `keys` (0 … size − 1); equal keys keep the order of `input` (default 0, 1, 2 …). */
function countingOrder(keys: Int32Array, size: number, input?: Int32Array): Int32Array {
  // next[k]: the position of the next entry with key k.
  const next = new Int32Array(size + 1);
  for (const key of keys) next[key + 1]!++;
  for (let k = 0; k < size; k++) next[k + 1]! += next[k]!;
  const order = new Int32Array(keys.length);
  for (let p = 0; p < keys.length; p++) {
    const e = input ? input[p]! : p;
    order[next[keys[e]!]!++] = e;
  }
  return order;
}

/** Removes ids without an entry from the id maps and renumbers the columns; the remaining ids keep their order. */
export function compactIds(log: Interactions): Interactions {
  const users = compactColumn(log.users, log.userIds);
  const items = compactColumn(log.items, log.itemIds);
  return { ...log, userIds: users.ids, users: users.codes, itemIds: items.ids, items: items.codes };
}

function compactColumn(codes: Int32Array, ids: IdMap): { ids: IdMap; codes: Int32Array } {
  // First a mark (1) for each code with an entry, then its new code in place of the mark.
  const newCode = new Int32Array(ids.size);
  for (const code of codes) newCode[code] = 1;
  let count = 0;
  const kept = new Int32Array(ids.size);
  for (let i = 0; i < ids.size; i++) {
    if (!newCode[i]) continue;
    kept[count] = i;
    newCode[i] = count++;
  }
  if (count === ids.size) return { ids, codes };
  const renamed = sharedInt32(codes.length);
  for (let e = 0; e < codes.length; e++) renamed[e] = newCode[codes[e]!]!;
  return { ids: ids.pick(kept.subarray(0, count)), codes: renamed };
}
