// The baselines without a model: random order, popularity, and item-based nearest neighbours.
import { type Csr, pattern } from '../array/csr.ts';
import { randomStream } from '../array/random.ts';
import { TaurecError } from '../errors.ts';
import { CoOccurrence } from '../neighbors/co-occurrence.ts';
import { itemPopularity } from './metrics.ts';
import { scoreRanker, type UserRanker } from './rankers.ts';

/** A ranker with a random order for each user, reproducible by seed: the baseline that every model must beat. */
export function randomRanker(seed: number, items: number): UserRanker {
  return scoreRanker(items, (user, scores) => {
    const random = randomStream(seed, 'random-ranker', user);
    for (let item = 0; item < items; item++) scores[item] = random.real();
  });
}

/** A ranker by popularity: an item's score is its number of training users, the same for everyone. */
export function popularRanker(train: Csr): UserRanker {
  const popularity = itemPopularity(train);
  return scoreRanker(train.columns, (_user, scores) => scores.set(popularity));
}

/** Options of `itemKnnRanker`. */
export interface ItemKnnOptions {
  /** Number of most similar items kept per item, ≥ 1. Default 100. */
  readonly neighbours?: number;
  /** Added to the denominator of the similarity, ≥ 0; reduces similarities based on few users. Default 0. */
  readonly shrink?: number;
}

/**
 * A ranker by item-based nearest neighbours. The score is the sum of sim(i, j) over the user's training items i that have j among their neighbours, where
 * sim(i, j) = |U_i ∩ U_j| / (√(|U_i|·|U_j|) + shrink) is the cosine of the items' user sets. Interaction weights are ignored.
 * Finding the neighbours costs Σ_u |P_u|², once. Source: Deshpande & Karypis, TOIS 2004.
 * @throws TaurecError `bad-option`
 */
export function itemKnnRanker(train: Csr, options: ItemKnnOptions = {}): UserRanker {
  const { neighbours = 100, shrink = 0 } = options;
  if (!Number.isSafeInteger(neighbours) || neighbours < 1) {
    throw new TaurecError('bad-option', { option: 'neighbours', got: neighbours, expected: 'a whole number ≥ 1' });
  }
  if (!(shrink >= 0 && shrink < Number.POSITIVE_INFINITY))
    throw new TaurecError('bad-option', { option: 'shrink', got: shrink, expected: 'a number ≥ 0' });
  const nearest = itemsByCosine(train, shrink);
  const lists: WeightedItems[] = [];
  for (let item = 0; item < train.columns; item++) lists.push(nearest(item, neighbours));
  return weightedItemsRanker(train, lists);
}

/** Items with a weight each. */
export interface WeightedItems {
  readonly items: Int32Array;
  /** `weights[n]` belongs to `items[n]`. */
  readonly weights: Float64Array;
}

/** A ranker by the sum of weights: the score of item j is the sum of j's weight in `lists[i]` over the user's training items i. */
export function weightedItemsRanker(train: Csr, lists: readonly WeightedItems[]): UserRanker {
  return scoreRanker(train.columns, (user, scores) => {
    scores.fill(0);
    for (let e = train.offsets[user]!; e < train.offsets[user + 1]!; e++) {
      const { items, weights } = lists[train.indices[e]!]!;
      for (let n = 0; n < items.length; n++) scores[items[n]!]! += weights[n]!;
    }
  });
}

/**
 * Returns a function that finds the `count` other items most similar to an item, by the similarity of `itemKnnRanker`: best first, ties to the lower id, only
 * items that share a user with it.
 */
export function itemsByCosine(train: Csr, shrink: number): (item: number, count: number) => WeightedItems {
  // Interaction weights are ignored.
  const together = new CoOccurrence(pattern(train));
  const { counts } = together;
  return (item, count) =>
    together.row(item, (found, shared) => {
      const all = Array.from(found, (j) => ({
        j,
        similarity: shared[j]! / (Math.sqrt(counts[item]! * counts[j]!) + shrink),
      }));
      const kept = all.sort((a, b) => b.similarity - a.similarity || a.j - b.j).slice(0, count);
      return {
        items: Int32Array.from(kept, ({ j }) => j),
        weights: Float64Array.from(kept, ({ similarity }) => similarity),
      };
    });
}
