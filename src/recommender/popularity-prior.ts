import type { Csr } from '../array/csr.ts';
import { itemPopularity } from '../evaluation/metrics.ts';
import type { Model } from '../model/model.ts';

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
 * The item biases of a model under another c of the prior: b_i + (c − own) · log(1 + n_i), with b_i the model's own bias, which an imported model has of its own. Of an item that only the catalogue has, the part that
 * attributes tell of its popularity is in proportion to c.
 * @param counts [items] n: users with the item in the training interactions
 * @returns [items]; undefined where all are 0
 */
export function biasUnder(
  model: Pick<Model, 'itemBias' | 'predictedPrior' | 'config'>,
  counts: Int32Array,
  c: number,
): Float32Array | undefined {
  const own = Number(model.config.training.popularityPrior ?? 0);
  const of = (prior: number, n: number) => Math.fround(prior * Math.log1p(n));
  const biases = Float32Array.from(counts, (n, item) => {
    const bias = model.itemBias?.[item] ?? 0;
    const told = own === 0 ? 0 : (c / own - 1) * (model.predictedPrior?.[item] ?? 0);
    // In this order the bias of a trained model is c · log(1 + n) to the bit.
    return of(c, n) + (bias - of(own, n)) + told;
  });
  return biases.some((bias) => bias !== 0) ? biases : undefined;
}
