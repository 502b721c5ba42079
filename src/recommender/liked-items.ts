import type { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import type { LikedItems } from './new-users.ts';
import type { FoldInRequest, Id, RecommendOptions } from './recommendation.ts';
import { itemRow } from './rows-of-ids.ts';

/**
 * The distinct liked items by index, with their weights: those of a repeated item are added.
 * @throws TaurecError `unknown-id` for an item that the model does not know, unless `unknown: 'skip'`; `bad-option` for weights that do not fit, and for no known item without a fallback
 */
export function likedItems(
  ids: readonly Id[],
  { weights, unknown, fallback }: FoldInRequest & Pick<RecommendOptions, 'fallback'>,
  itemIds: IdMap,
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
    const item = unknown === 'skip' ? itemIds.indexOf(id) : itemRow(itemIds, id);
    const weight = weights?.[i] ?? 1;
    if (!(weight > 0 && weight < Infinity)) {
      throw new TaurecError('bad-option', { option: `weights[${i}]`, got: weight, expected: 'a number > 0' });
    }
    if (item >= 0) liked.set(item, (liked.get(item) ?? 0) + weight);
  });
  if (liked.size === 0 && !fallback) {
    throw new TaurecError('bad-option', { option: 'items', got: 'no known item', expected: 'at least one' });
  }
  return { items: Int32Array.from(liked.keys()), weights: weights && Float32Array.from(liked.values()) };
}
