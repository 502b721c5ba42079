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

  /** The `k` most popular items that the filter allows and `seen` does not contain. The score is the number of users with the item. */
  best(k: number, filter: ItemFilter, seen: Int32Array, limits?: Limits): RankedItem[] {
    const popularity = this.#popularity;
    this.#order ??= Int32Array.from(popularity.keys()).sort((a, b) => popularity[b]! - popularity[a]! || a - b);
    // A mark for each item: sets would cost more than the list where much is excluded.
    const out = new Uint8Array(popularity.length);
    for (const item of filter.excluded) out[item] = 1;
    for (const item of seen) out[item] = 1;
    const allowed = filter.allowed && new Set(filter.allowed);
    const { where } = filter;
    const counts = limits?.begin();
    const list: RankedItem[] = [];
    for (const item of this.#order) {
      if (list.length === k) break;
      if (out[item] || (allowed && !allowed.has(item)) || (where && !where.has(item))) continue;
      if (!counts || counts.take(item)) list.push({ item, score: popularity[item]! });
    }
    return list;
  }
}
