import type { Csr } from '../array/csr.ts';
import { itemPopularity } from '../evaluation/metrics.ts';
import { type Model, trainedItems } from '../model/model.ts';

/**
 * The popularity prior as item biases:
 *
 *     itemBias[i] = c · log(1 + n_i),   n_i = number of users with item i in `train`
 *
 * Lists are ranked by s_ui + itemBias[i]. c > 0 favours popular items, c < 0 the long tail, 0 has no effect. A model can get another c without training:
 * `createModel({ ...model, itemBias: popularityBias(trainedItems(model), c) })`. See docs/popularity.md.
 * @param train [users × items] the training interactions; their values are ignored
 * @param c any finite number, in the units of the scores; about .1 is usual for cosines
 * @returns [items]
 */
export function popularityBias(train: Csr, c: number): Float32Array {
  return Float32Array.from(itemPopularity(train), (n) => c * Math.log1p(n));
}

/**
 * The item biases of a model under another c. Items that nobody has, which have a bias by their attributes, keep it in proportion to c.
 * @returns [items]; undefined for 0
 */
export function biasUnder(
  model: Pick<Model, 'seen' | 'validation' | 'itemBias' | 'config'>,
  c: number,
): Float32Array | undefined {
  if (c === 0) return undefined;
  const counts = itemPopularity(trainedItems(model));
  const own = Number(model.config.training.popularityPrior ?? 0);
  const told = (item: number) => (own === 0 ? 0 : ((model.itemBias?.[item] ?? 0) * c) / own);
  return Float32Array.from(counts, (n, item) => (n > 0 ? c * Math.log1p(n) : told(item)));
}
