import type { Csr } from '../array/csr.ts';
import { sharedInt32 } from '../array/shared.ts';
import type { ItemSet } from '../catalogue/item-set.ts';
import type { IdMap } from '../data/id-map.ts';
import { finished } from './in-steps.ts';

/** The items a request excludes or allows; the user's seen items are excluded separately. All lists hold ascending, distinct item indices. */
export interface ItemFilter {
  readonly excluded: Int32Array;
  /** The only items allowed, without any excluded one. Absent: all items that are not excluded. */
  readonly allowed?: Int32Array;
  /** The items that the attributes let pass. Absent: all items. */
  readonly where?: ItemSet;
}

/** The only items that a filter allows, ascending, those it excludes among them; undefined where it names none. */
export function allowedItems({ allowed, where }: ItemFilter): Int32Array | undefined {
  return allowed && where ? allowed.filter((item) => where.has(item)) : (allowed ?? where?.indices);
}

/** Ids that are looked up between two steps. */
const STEP_IDS = 500;

/** Makes a filter from the id lists of a request; yields between steps. Ids that the model does not know are ignored: such items are never recommended. */
export function* itemFilterInSteps(
  ids: IdMap,
  exclude: Iterable<string | number> = [],
  allow?: Iterable<string | number>,
  where?: ItemSet,
): Generator<void, ItemFilter> {
  const excluded = yield* indicesInSteps(ids, exclude);
  return { excluded, allowed: allow && difference(yield* indicesInSteps(ids, allow), excluded), where };
}

/** The known ids as ascending, distinct indices. */
export function indicesOf(ids: IdMap, wanted: Iterable<string | number>): Int32Array {
  return finished(indicesInSteps(ids, wanted));
}

function* indicesInSteps(ids: IdMap, wanted: Iterable<string | number>): Generator<void, Int32Array> {
  const found: number[] = [];
  let looked = 0;
  for (const id of wanted) {
    const index = ids.indexOf(id);
    if (index >= 0) found.push(index);
    if (++looked % STEP_IDS === 0) yield;
  }
  return ascending(found);
}

/** The distinct values, ascending. */
export function ascending(values: Iterable<number>): Int32Array {
  return Int32Array.from(new Set(values)).sort();
}

/** The elements of `a` that are not in `b`; both ascending. Linear in the two lengths. */
export function difference(a: Int32Array, b: Int32Array): Int32Array {
  let at = 0;
  return a.filter((item) => {
    while (at < b.length && b[at]! < item) at++;
    return b[at] !== item;
  });
}

/** The union of two ascending lists, ascending; the list itself where the other is empty. */
export function union(a: Int32Array, b: Int32Array): Int32Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged = new Int32Array(a.length + b.length);
  let end = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    if (a[i] === next) i++;
    if (b[j] === next) j++;
    merged[end++] = next;
  }
  return merged.subarray(0, end);
}

/** A sparse matrix [lists × items] with one row for each list: the union of the list and the `common` items. All lists are ascending. */
export function exclusions(lists: readonly Int32Array[], common: Int32Array, items: number): Csr {
  const offsets = sharedInt32(lists.length + 1);
  const indices = sharedInt32(lists.reduce((total, list) => total + list.length + common.length, 0));
  let end = 0;
  lists.forEach((list, row) => {
    let l = 0;
    let c = 0;
    // Merge the two ascending lists; a past-the-end position reads as `items`, above every index.
    while (l < list.length || c < common.length) {
      const next = Math.min(list[l] ?? items, common[c] ?? items);
      if (list[l] === next) l++;
      if (common[c] === next) c++;
      indices[end++] = next;
    }
    offsets[row + 1] = end;
  });
  return { rows: lists.length, columns: items, offsets, indices: indices.subarray(0, end) };
}
