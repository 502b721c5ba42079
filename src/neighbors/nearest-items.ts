import { BestItems } from '../array/best-items.ts';
import { sharedFloat32, sharedInt32 } from '../array/shared.ts';
import type { CoOccurrence } from './co-occurrence.ts';

/** The nearest items of every item: of item i those at i·size … i·size + count_i − 1, nearest first. */
export interface NearestItems {
  readonly size: number;
  /** [items] number of neighbours, at most `size`. */
  readonly count: Int32Array;
  /** [items × size] */
  readonly items: Int32Array;
  /** [items × size] the similarity of each. */
  readonly values: Float32Array;
}

/** How near two items are. */
export interface Nearness {
  /** a in [0, 1]: the power of n_i, the item that is scored. */
  readonly exponent: number;
  /** h ≥ 0, in users. */
  readonly shrink: number;
}

/**
 * The K nearest items of every item by the cosine of their users, in one pass over the co-occurrences for all of the `measures`:
 *
 *     S_ij = n_ij / (n_i^a · n_j^(1−a) + h)
 *
 * Only items with a user in common are neighbours; ties go to the lower item. a = .5 and h = 0 is the cosine. Within a row n_i^a is constant, so a towards 1 fills the row with popular items.
 * The cost is Σ_u |P_u|².
 */
export function nearestItems(together: CoOccurrence, size: number, measures: readonly Nearness[]): NearestItems[] {
  const { items, counts } = together;
  const lists = measures.map(() => emptyLists(items, size));
  const powers = measures.map(({ exponent }) => ({
    scored: counts.map((n) => n ** exponent),
    neighbour: counts.map((n) => n ** (1 - exponent)),
  }));
  const best = new BestItems(size);
  for (let i = 0; i < items; i++) {
    together.row(i, (found, row) => {
      measures.forEach(({ shrink }, m) => {
        const { scored, neighbour } = powers[m]!;
        const own = scored[i]!;
        for (let at = 0; at < found.length; at++) {
          const j = found[at]!;
          best.offer(j, row[j]! / (own * neighbour[j]! + shrink));
        }
        const list = lists[m]!;
        best.take().forEach(({ item, score }, place) => {
          list.items[i * size + place] = item;
          list.values[i * size + place] = score;
          list.count[i]!++;
        });
      });
    });
  }
  return lists;
}

function emptyLists(items: number, size: number): NearestItems {
  return {
    size,
    count: sharedInt32(items),
    items: sharedInt32(items * size),
    values: sharedFloat32(items * size),
  };
}
