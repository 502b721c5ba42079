import { TaurecError } from '../errors.ts';
import type { Catalogue } from './catalogue.ts';
import type { ItemSet } from './item-set.ts';
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

  constructor(catalogue: Catalogue | undefined) {
    this.catalogue = catalogue;
    const bytes = BYTES_PER_ITEM * Math.max(1, catalogue?.items ?? 0);
    this.#most = Math.max(4, Math.min(MOST_KEPT, Math.floor(MEMORY / bytes)));
  }

  /**
   * The items that a filter lets pass; yields between its conditions.
   * @throws TaurecError as `compileWhere`; `no-catalogue` for a model without one
   */
  *setOf(where: unknown): Generator<void, ItemSet> {
    // Text that is nested too deep has no key: it is refused.
    const key = isShallow(where) ? (JSON.stringify(where) ?? '') : '';
    const set = this.#kept.get(key) ?? (yield* compileWhere(this.#known(), where));
    this.#kept.delete(key);
    if (key.length <= LONGEST) this.#kept.set(key, set);
    if (this.#kept.size > this.#most) this.#kept.delete(this.#kept.keys().next().value!);
    return set;
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
