import { type Random, randomStream } from '../array/random.ts';
import { ItemSet } from '../catalogue/item-set.ts';
import { FEW } from '../cold/cold-items.ts';
import type { ItemFilter } from './item-filter.ts';
import type { RankedItem } from './list-ranker.ts';

/** The places of one person's list that new items take. */
export interface Slots {
  /** Ascending, below k. */
  readonly places: readonly number[];
}

/**
 * Draws the places of a list of `k` that go to new items: explore · k of them on average, each place equally often. The same seed and person give the same places.
 * @param person a text that names whom the list is for
 */
export function drawSlots(k: number, explore: number, seed: number, person: string): Slots {
  const random = randomStream(seed, `explore ${person}`);
  const count = Math.min(k, Math.floor(explore * k + random.real()));
  return { places: sample(count, k, random) };
}

/** `count` distinct numbers below `bound`, ascending (Floyd, CACM 1987). */
function sample(count: number, bound: number, random: Random): number[] {
  const taken = new Set<number>();
  for (let last = bound - count; last < bound; last++) {
    const drawn = random.integer(last + 1);
    taken.add(taken.has(drawn) ? last : drawn);
  }
  return [...taken].sort((a, b) => a - b);
}

/** The items that fewer than 10 people have. */
export function newItemsOf(popularity: Int32Array): ItemSet {
  return ItemSet.where(popularity.length, (item) => popularity[item]! < FEW);
}

/** A filter that also keeps out all but the items of a set. */
export function within(filter: ItemFilter, items: ItemSet): ItemFilter {
  return { ...filter, where: filter.where ? ItemSet.all(items.size, [filter.where, items]) : items };
}

/** A list of at most `k` items with the new ones in their places and the others, in order, in all other places; a new item whose place the list does not reach comes at its end. */
export function merged(
  { places }: Slots,
  fresh: readonly RankedItem[],
  others: readonly RankedItem[],
  k: number,
): RankedItem[] {
  const list: RankedItem[] = [];
  const length = Math.min(k, fresh.length + others.length);
  for (let at = 0, f = 0, o = 0; at < length; at++) {
    const takesNew = f < fresh.length && (places[f]! <= at || o === others.length);
    list.push(takesNew ? fresh[f++]! : others[o++]!);
  }
  return list;
}
