import { IdMap } from '../../src/data/id-map.ts';
import type { Interactions } from '../../src/data/interactions.ts';
import { mergeDuplicates } from '../../src/data/interactions.ts';

/** A log of [user, item] or [user, item, weight], as a reader makes it. */
export function newLog(entries: readonly (readonly [user: string, item: string, weight?: number])[]): Interactions {
  const ids = (column: 0 | 1) => IdMap.fromIds(new Set(entries.map((entry) => entry[column])));
  const [userIds, itemIds] = [ids(0), ids(1)];
  const { duplicates, ...columns } = mergeDuplicates({
    userIds,
    itemIds,
    users: Int32Array.from(entries, ([user]) => userIds.indexOf(user)),
    items: Int32Array.from(entries, ([, item]) => itemIds.indexOf(item)),
    ...(entries.some(([, , weight]) => weight !== undefined) && {
      weights: Float32Array.from(entries, ([, , weight]) => weight ?? 1),
    }),
  });
  const report = { rows: entries.length, duplicates, skipped: 0, belowMinRating: 0 };
  return { ...columns, report, sha256: 'abc', source: 'made up' };
}
