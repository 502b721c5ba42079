import { type AttributeColumn, hasValue } from '../data/attribute-columns.ts';
import type { Catalogue } from './catalogue.ts';

/** Limits of a list: at most this many items with one value of an attribute. */
export type AtMost = Readonly<Record<string, number>>;

/** The limits of a request, checked. Each list counts for itself. */
export class Limits {
  readonly #catalogue: Catalogue;
  readonly #atMost: AtMost;
  readonly #limits: readonly { readonly column: AttributeColumn; readonly most: number }[];
  /** Items that every list has already. */
  readonly #taken: readonly number[];

  /**
   * @param taken items that every list has already
   * @throws TaurecError `unknown-name` for an attribute that the catalogue does not have
   */
  constructor(catalogue: Catalogue, atMost: AtMost, taken: readonly number[] = []) {
    this.#catalogue = catalogue;
    this.#atMost = atMost;
    this.#taken = taken;
    this.#limits = Object.entries(atMost).map(([name, most]) => ({ column: catalogue.column(name), most }));
  }

  /** The counts of a new list. */
  begin(): LimitCounts {
    const counts = new LimitCounts(this.#limits);
    for (const item of this.#taken) counts.take(item);
    return counts;
  }

  /** The limits of the rest of lists that have these items already. */
  after(items: readonly number[]): Limits {
    return new Limits(this.#catalogue, this.#atMost, items);
  }

  /** The first `k` items that a list with these limits takes, in order. */
  first<T extends { readonly item: number }>(ranked: Iterable<T>, k: number): T[] {
    const counts = this.begin();
    const list: T[] = [];
    for (const one of ranked) {
      if (list.length === k) break;
      if (counts.take(one.item)) list.push(one);
    }
    return list;
  }
}

/** How many items of a list have each value. */
class LimitCounts {
  readonly #limits: readonly {
    readonly column: AttributeColumn;
    readonly most: number;
    readonly counts: Map<number, number>;
  }[];

  constructor(limits: readonly { readonly column: AttributeColumn; readonly most: number }[]) {
    this.#limits = limits.map((limit) => ({ ...limit, counts: new Map() }));
  }

  /** Counts an item and returns true, or returns false where one of its values is used up. An item without a value has no limit. */
  take(item: number): boolean {
    for (const { column, most, counts } of this.#limits)
      for (const key of keysOf(column, item)) if ((counts.get(key) ?? 0) >= most) return false;
    for (const { column, counts } of this.#limits)
      for (const key of keysOf(column, item)) counts.set(key, (counts.get(key) ?? 0) + 1);
    return true;
  }
}

/** The values of an item as numbers: indices of terms, or the values themselves. */
function keysOf(column: AttributeColumn, row: number): ArrayLike<number> & Iterable<number> {
  if (column.type === 'list') return column.values.subarray(column.offsets[row], column.offsets[row + 1]);
  return hasValue(column, row) ? [column.values[row]!] : [];
}
