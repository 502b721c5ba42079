import { type Csr, csrHas, csrRow } from '../array/csr.ts';
import { allowedItems, type ItemFilter, union } from './item-filter.ts';

/** A reason for which a list leaves an item out. */
export const exclusionCauses = [
  'training',
  'validation',
  'feedback',
  'given',
  'excluded',
  'not-allowed',
  'filtered',
] as const;
/**
 * `training`, `validation`: the user has seen the item in that part of the data. `feedback`: the user has acted on it since the training. `given`: it is one of the items that a new user likes. `excluded`: the request excludes it.
 * `not-allowed`: the request allows only other items. `filtered`: its attributes do not pass the filter of the request.
 */
export type ExclusionCause = (typeof exclusionCauses)[number];

/** The items that a person has seen, each list ascending. Absent: none. */
export interface SeenItems {
  /** Row of the model's seen items. */
  readonly user?: number;
  readonly feedback?: Int32Array;
  readonly given?: Int32Array;
}

/** The seen items of a model's users, and the part of them that was held out. */
export interface SeenData {
  readonly seen: Csr;
  readonly validation?: Csr;
}

/** The items that one person's list leaves out, and why: the only place that decides it. Rankings take `seen` and `filter`; explanations ask `causesOf`. */
export class LeftOut {
  readonly #data: SeenData;
  readonly #seenItems: SeenItems;
  readonly filter: ItemFilter;
  /** The items that the person has seen, ascending. */
  readonly seen: Int32Array;

  /** @param seenItems what the person has seen; empty for a list with seen items */
  constructor(data: SeenData, seenItems: SeenItems, filter: ItemFilter) {
    const { user, feedback = none, given = none } = seenItems;
    this.#data = data;
    this.#seenItems = seenItems;
    this.filter = filter;
    this.seen = union(union(user === undefined ? none : csrRow(data.seen, user), feedback), given);
  }

  /** All reasons for which the list leaves an item out; empty for an item that it may hold. */
  causesOf(item: number): ExclusionCause[] {
    const { user, feedback = none, given = none } = this.#seenItems;
    const { seen, validation } = this.#data;
    const { excluded, allowed, where } = this.filter;
    const causes: ExclusionCause[] = [];
    if (user !== undefined && csrHas(seen, user, item))
      causes.push(validation && csrHas(validation, user, item) ? 'validation' : 'training');
    if (holds(feedback, item)) causes.push('feedback');
    if (holds(given, item)) causes.push('given');
    if (holds(excluded, item)) causes.push('excluded');
    // The allow-list is kept without the excluded items.
    else if (allowed && !holds(allowed, item)) causes.push('not-allowed');
    if (where && !where.has(item)) causes.push('filtered');
    return causes;
  }

  /** The number of `items` that the list may hold. */
  remaining(items: number): number {
    const out = union(this.filter.excluded, this.seen);
    const allowed = allowedItems(this.filter);
    return allowed ? allowed.length - common(allowed, out) : items - out.length;
  }
}

const none = new Int32Array(0);

/** True when an ascending list has the item; a binary search. */
function holds(list: Int32Array, item: number): boolean {
  let low = 0;
  for (let high = list.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < item) low = middle + 1;
    else high = middle;
  }
  return list[low] === item;
}

/** The number of items that two ascending lists share. */
function common(a: Int32Array, b: Int32Array): number {
  return a.length + b.length - union(a, b).length;
}
