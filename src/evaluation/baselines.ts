import type { Csr } from '../array/csr.ts';
import { randomStream } from '../array/random.ts';
import { itemPopularity } from './beyond-accuracy.ts';
import type { UserRanker } from './ranker.ts';
import { scoreRanker } from './score-ranker.ts';

export { type ItemKnnOptions, itemKnnRanker } from './item-knn.ts';

/** Every user gets an order of the items of their own, drawn at random; the same for the same seed. What a number is worth begins here. */
export function randomRanker(seed: number, items: number): UserRanker {
  return scoreRanker(items, (user, scores) => {
    const random = randomStream(seed, 'random-ranker', user);
    for (let item = 0; item < items; item++) scores[item] = random.real();
  });
}

/** Everyone gets the items that the most training users have; score = that number. */
export function popularRanker(train: Csr): UserRanker {
  const popularity = itemPopularity(train);
  return scoreRanker(train.columns, (_user, scores) => scores.set(popularity));
}
