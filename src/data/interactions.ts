import { type Csr, csrFromEntries } from '../array/csr.ts';
import { sharedInt32 } from '../array/shared.ts';
import type { IdMap } from './id-map.ts';
import type { Spread } from './spread.ts';

/**
 * A log of interactions as typed columns: entry e says that user `users[e]` met item `items[e]`. Entries are distinct and sorted by user, then item.
 * Duplicates of the log are merged: rating and weight are the largest of theirs, time is the latest.
 */
export interface Interactions {
  readonly userIds: IdMap;
  readonly itemIds: IdMap;
  /** User index of each entry; shared memory. */
  readonly users: Int32Array;
  /** Item index of each entry; shared memory. */
  readonly items: Int32Array;
  readonly ratings?: Float32Array;
  /** In the log's own unit; dates are seconds since 1970-01-01 UTC. */
  readonly times?: Float64Array;
  /** Weight of the entry as a positive, ≥ 0. */
  readonly weights?: Float32Array;
  readonly report: ReadReport;
  /** SHA-256 of the file's bytes on disk, in hexadecimal. */
  readonly sha256: string;
  /** Where the log came from: a path, or the parameters of a generator. */
  readonly source: string;
}

/** What reading a log met. */
export interface ReadReport {
  /** Rows with a user and an item, bad rows not counted. */
  readonly rows: number;
  /** Rows merged into an equal (user, item) pair. */
  readonly duplicates: number;
  /** Bad rows left out (`onBadRow: 'skip'`). */
  readonly skipped: number;
  /** Rows left out by `minRating`. */
  readonly belowMinRating: number;
  /** The ratings that were read and kept, where there is a rating column. Every interaction is a positive, whatever its rating. */
  readonly ratings?: Spread;
  /** The file that lists the skipped rows, when there are any. */
  readonly rejectsFile?: string;
}

/** Unsorted columns, duplicates included, as a reader makes them. */
export interface RawColumns {
  userIds: IdMap;
  itemIds: IdMap;
  users: Int32Array;
  items: Int32Array;
  ratings?: Float32Array;
  times?: Float64Array;
  weights?: Float32Array;
}

/** Sorts by user, then item, and merges duplicates: two counting sorts, linear in entries, users and items. */
export function mergeDuplicates(raw: RawColumns): RawColumns & { duplicates: number } {
  const byItem = countingOrder(raw.items, raw.itemIds.size);
  const order = countingOrder(raw.users, raw.userIds.size, byItem);
  let count = 0;
  for (let p = 0; p < order.length; p++) if (p === 0 || !samePair(raw, order[p - 1]!, order[p]!)) count++;
  const users = sharedInt32(count);
  const items = sharedInt32(count);
  const ratings = raw.ratings && new Float32Array(count);
  const times = raw.times && new Float64Array(count);
  const weights = raw.weights && new Float32Array(count);
  let at = -1;
  for (let p = 0; p < order.length; p++) {
    const e = order[p]!;
    const first = p === 0 || !samePair(raw, order[p - 1]!, e);
    if (first) at++;
    users[at] = raw.users[e]!;
    items[at] = raw.items[e]!;
    if (ratings) ratings[at] = first ? raw.ratings![e]! : Math.max(ratings[at]!, raw.ratings![e]!);
    if (times) times[at] = first ? raw.times![e]! : Math.max(times[at]!, raw.times![e]!);
    if (weights) weights[at] = first ? raw.weights![e]! : Math.max(weights[at]!, raw.weights![e]!);
  }
  const { userIds, itemIds } = raw;
  return { userIds, itemIds, users, items, ratings, times, weights, duplicates: order.length - count };
}

/** The entries as a matrix, rows = users, columns = items; with `values` (default: the weights). */
export function toCsr(log: Pick<Interactions, 'userIds' | 'itemIds' | 'users' | 'items' | 'weights'>): Csr {
  return csrFromEntries(log.userIds.size, log.itemIds.size, log.users, log.items, log.weights);
}

/** The entries for which `keep` is 1. Id maps stay as they are. */
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

/** Leaves out of the id maps those without an entry; the order of the others stays. */
export function compactIds(log: Interactions): Interactions {
  const users = compactColumn(log.users, log.userIds);
  const items = compactColumn(log.items, log.itemIds);
  return { ...log, userIds: users.ids, users: users.codes, itemIds: items.ids, items: items.codes };
}

function compactColumn(codes: Int32Array, ids: IdMap): { ids: IdMap; codes: Int32Array } {
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
