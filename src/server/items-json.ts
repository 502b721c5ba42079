import type { RecommendedItem } from '../recommender/recommendation.ts';

/** Items and reasons that are written between two steps. */
const WRITTEN = 1000;

/** The JSON of a list's items, as `JSON.stringify` writes it; yields between steps, since a list of 1,000 items with 100 reasons each is some 10 MB. */
export function* itemsJson(items: readonly RecommendedItem[]): Generator<void, string> {
  const size = Math.ceil(WRITTEN / (1 + (items[0]?.because?.items.length ?? 0)));
  const parts: string[] = [];
  for (let from = 0; from < items.length; from += size) {
    parts.push(JSON.stringify(items.slice(from, from + size)).slice(1, -1));
    if (items.length > size) yield;
  }
  return `[${parts.join(',')}]`;
}
