import { TaurecError } from '../errors.ts';
import type { Catalogue } from './catalogue.ts';
import { ItemSet } from './item-set.ts';
import { type AtMost, Limits } from './limits.ts';
import { compileWhere, isShallow } from './where.ts';

/** Bytes that compiled filters may take, and bytes of an item in one: its bit, its index and its bias. */
const MEMORY = 64 * 2 ** 20;
const BYTES_PER_ITEM = 8.125;
/** The most filters that are kept, and the longest text of one. */
const MOST_KEPT = 256;
const LONGEST = 16_384;

/** The filters of a catalogue, each compiled once. The texts of the filters are the keys: `{"a":1}` and `{ "a": 1 }` are one filter. */
export class ItemFilters {
  readonly catalogue: Catalogue | undefined;
  /** In the order of use: a `Map` iterates in order of insertion. */
  readonly #kept = new Map<string, ItemSet>();
  readonly #most: number;
  /** The items that were not removed; absent: all. */
  readonly #present: ItemSet | undefined;

  /** @param removed items that no list has */
  constructor(catalogue: Catalogue | undefined, removed: ReadonlySet<number> = new Set()) {
    this.catalogue = catalogue;
    this.#present = removed.size > 0 && catalogue ? ItemSet.of(catalogue.items, removed).not() : undefined;
    const bytes = BYTES_PER_ITEM * Math.max(1, catalogue?.items ?? 0);
    this.#most = Math.max(4, Math.min(MOST_KEPT, Math.floor(MEMORY / bytes)));
  }

  /**
   * The items that a filter lets pass, without those that were removed; undefined: all items. Yields between its conditions.
   * @throws TaurecError as `compileWhere`; `no-catalogue` for a model without one
   */
  *setOf(where: unknown): Generator<void, ItemSet | undefined> {
    if (where === undefined) return this.#present;
    // Text that is nested too deep has no key: it is refused.
    const key = isShallow(where) ? (JSON.stringify(where) ?? '') : '';
    const set = this.#kept.get(key) ?? (yield* this.#compiled(where));
    this.#kept.delete(key);
    if (key.length <= LONGEST) this.#kept.set(key, set);
    if (this.#kept.size > this.#most) this.#kept.delete(this.#kept.keys().next().value!);
    return set;
  }

  *#compiled(where: unknown): Generator<void, ItemSet> {
    const set = yield* compileWhere(this.#known(), where);
    return this.#present ? ItemSet.all(set.size, [set, this.#present]) : set;
  }

  /** @throws TaurecError as `Limits`; `no-catalogue` for a model without one */
  limitsOf(atMost: AtMost): Limits {
    return new Limits(this.#known(), atMost);
  }

  #known(): Catalogue {
    if (this.catalogue) return this.catalogue;
    throw new TaurecError('no-catalogue');
  }
}
