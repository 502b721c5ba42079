import type { IdMap } from './id-map.ts';
import { houseOrder, unionIds } from './union-ids.ts';

/** An id map that grew. */
export interface ExtendedIds {
  /** The old ids at their old indices, then the new ones in the house's order: by number where all of them are whole numbers, else by UTF-8 bytes. */
  readonly ids: IdMap;
  /** How many are new. */
  readonly added: number;
  /** The index in `ids` of every id of the map that was added. */
  readonly codes: Int32Array;
}

/** Adds the ids of `more` that `old` does not know. No old id changes its index, so tables with a row for each only grow at their end. Linear time. */
export function extendIds(old: IdMap, more: IdMap): ExtendedIds {
  const union = unionIds(old, more);
  const place = new Int32Array(union.ids.size).fill(-1);
  for (let i = 0; i < old.size; i++) place[union.fromFirst[i]!] = i;
  const fresh = union.fromSecond.filter((code) => place[code]! < 0);
  const order = houseOrder(union.ids.pick(fresh));
  const indices = new Uint32Array(old.size + fresh.length);
  indices.set(union.fromFirst);
  order.forEach((at, i) => {
    const code = fresh[at]!;
    indices[old.size + i] = code;
    place[code] = old.size + i;
  });
  return {
    ids: fresh.length === 0 ? old : union.ids.pick(indices),
    added: fresh.length,
    codes: union.fromSecond.map((code) => place[code]!),
  };
}
