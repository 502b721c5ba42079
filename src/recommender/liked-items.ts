import { TaurecError } from '../errors.ts';
import type { LikedItems } from './new-users.ts';
import type { FoldInRequest, Id } from './recommendation.ts';

/**
 * The distinct liked items by index, with their weights: those of a repeated item are added.
 * @param indexOf the index of an item; negative: it is left out
 * @throws TaurecError `bad-option` for weights that do not fit
 */
export function likedItems(
  ids: readonly Id[],
  { weights }: Pick<FoldInRequest, 'weights'>,
  indexOf: (id: Id) => number,
): LikedItems {
  if (weights && weights.length !== ids.length) {
    throw new TaurecError('bad-option', {
      option: 'weights',
      got: `${weights.length} weights`,
      expected: `${ids.length}, one for each item`,
    });
  }
  // Weight by item; a `Map` keeps the order of first occurrence.
  const liked = new Map<number, number>();
  ids.forEach((id, i) => {
    const item = indexOf(id);
    const weight = weights?.[i] ?? 1;
    if (!(weight > 0 && weight < Infinity)) {
      throw new TaurecError('bad-option', { option: `weights[${i}]`, got: weight, expected: 'a number > 0' });
    }
    if (item >= 0) liked.set(item, (liked.get(item) ?? 0) + weight);
  });
  return { items: Int32Array.from(liked.keys()), weights: weights && Float32Array.from(liked.values()) };
}
