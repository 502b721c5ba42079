import type { Limits } from '../catalogue/limits.ts';
import type { ItemFilter } from './item-filter.ts';
import type { RankedItem } from './list-ranker.ts';

/** Items by popularity, for users about whom nothing is known; ties to the lower item index. */
export class PopularItems {
  readonly #popularity: Int32Array;
  /** All items, most popular first; sorted on first use. */
  #order?: Int32Array;

  constructor(popularity: Int32Array) {
    this.#popularity = popularity;
  }

  /** All items, most popular first. The score is the number of users with the item. */
  *ranked(): Generator<RankedItem, void> {
    const popularity = this.#popularity;
    this.#order ??= Int32Array.from(popularity.keys()).sort((a, b) => popularity[b]! - popularity[a]! || a - b);
    for (const item of this.#order) yield { item, score: popularity[item]! };
  }

  /** The `k` most popular items that the filter allows and `seen` does not contain. */
  best(k: number, filter: ItemFilter, seen: Int32Array, limits?: Limits): RankedItem[] {
    return firstItems(this.ranked(), k, filter, this.#popularity.length, limits, seen);
  }
}

/** The first `k` items of an order that the filter and the limits allow and `seen` does not contain; `items` is the number of all items. */
export function firstItems(
  ordered: Iterable<RankedItem>,
  k: number,
  { excluded, allowed: only, where }: ItemFilter,
  items: number,
  limits?: Limits,
  seen: Int32Array = new Int32Array(),
): RankedItem[] {
  // A mark for each item: sets would cost more than the list where much is excluded.
  const out = new Uint8Array(items);
  for (const item of excluded) out[item] = 1;
  for (const item of seen) out[item] = 1;
  const allowed = only && new Set(only);
  const counts = limits?.begin();
  const list: RankedItem[] = [];
  for (const one of ordered) {
    const { item } = one;
    if (out[item] || (allowed && !allowed.has(item)) || (where && !where.has(item))) continue;
    if (!counts || counts.take(item)) list.push(one);
    if (list.length === k) break;
  }
  return list;
}
