import * as z from 'zod';
import { BestItems } from '../array/best-items.ts';
import { type Csr, csrEntry } from '../array/csr.ts';
import { declaredOptions, oneOf, option } from '../option.ts';
import { listShape } from './recommendation.ts';

/** The values of `SimilarOptions.by`. */
const similarities = ['embeddings', 'together'] as const;

/** The declarations of the options of similar items. */
export const similarShape = {
  k: listShape.k,
  where: listShape.where,
  atMost: listShape.atMost,
  /** `embeddings` (default): the cosine of the embeddings. `together`: the weights of the neighbour term, which come from the users that two items share. */
  by: option(oneOf(similarities).default('embeddings'), {
    flag: '--by <what>',
    help: 'compare items by their embeddings, or by the users that they share',
  }),
};

export const similarSchema = z.object(similarShape);
export const similarOptions = declaredOptions(similarShape);
/** Options of `similarItems`. */
export type SimilarOptions = Readonly<z.input<typeof similarSchema>>;

/** Items between two steps. */
const STEP_ITEMS = 32_768;

/**
 * The `k` items with the largest entries S_ij of an item i, best first; ties to the lower item. Entries of 0 and below are left out: they speak against the item.
 * @param votes [items × items] S by liked item (`Neighbors.votes`): a row for each j, so that the entries of i are looked up in every row. Yields between steps.
 * @param wanted the only items to return; absent: all
 */
export function* togetherWith(
  votes: Csr,
  item: number,
  k: number,
  wanted?: { has(item: number): boolean },
): Generator<void, { readonly item: number; readonly score: number }[]> {
  const best = new BestItems(Math.min(k, votes.rows));
  for (let other = 0; other < votes.rows; other++) {
    if (other % STEP_ITEMS === STEP_ITEMS - 1) yield;
    if (wanted && !wanted.has(other)) continue;
    const at = csrEntry(votes, other, item);
    if (at >= 0 && votes.values![at]! > 0) best.offer(other, votes.values![at]!);
  }
  return best.take();
}
