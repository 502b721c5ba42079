import { IdMap } from '../../src/data/id-map.ts';
import { type Interactions, mergeDuplicates } from '../../src/data/interactions.ts';
import { houseOrder } from '../../src/data/union-ids.ts';

/** A log of the given pairs, and times when given, as a reader would make it. */
export function logOf(list: readonly (readonly [string, string])[], times?: readonly number[]): Interactions {
  const mapOf = (ids: string[]) => {
    const map = IdMap.fromIds(new Set(ids));
    return map.pick(houseOrder(map));
  };
  const userIds = mapOf(list.map(([user]) => user));
  const itemIds = mapOf(list.map(([, item]) => item));
  const users = Int32Array.from(list, ([user]) => userIds.indexOf(user));
  const items = Int32Array.from(list, ([, item]) => itemIds.indexOf(item));
  const merged = mergeDuplicates({ userIds, itemIds, users, items, times: times && Float64Array.from(times) });
  const { duplicates, ...columns } = merged;
  const report = { rows: list.length, duplicates, skipped: 0, belowMinRating: 0 };
  return { ...columns, report, sha256: '', source: 'test' };
}
