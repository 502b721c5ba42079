import type { ItemFilter } from './item-filter.ts';
import type { RankedItem } from './list-ranker.ts';

/** Items by popularity, for people of whom nothing is known; ties to the lower item. */
export class PopularItems {
  readonly #popularity: Int32Array;
  #order?: Int32Array;

  constructor(popularity: Int32Array) {
    this.#popularity = popularity;
  }

  /** The `k` most popular items that the filter lets through and that are not in `seen`; the score is the number of users. */
  best(k: number, filter: ItemFilter, seen: Int32Array): RankedItem[] {
    const popularity = this.#popularity;
    this.#order ??= Int32Array.from(popularity.keys()).sort((a, b) => popularity[b]! - popularity[a]! || a - b);
    const out = new Set([...filter.excluded, ...seen]);
    const allowed = filter.allowed && new Set(filter.allowed);
    const list: RankedItem[] = [];
    for (const item of this.#order) {
      if (list.length === k) break;
      if (!out.has(item) && (!allowed || allowed.has(item))) list.push({ item, score: popularity[item]! });
    }
    return list;
  }
}
