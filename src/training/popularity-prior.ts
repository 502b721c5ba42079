import type { Csr } from '../array/csr.ts';
import { itemPopularity } from '../evaluation/metrics.ts';

/**
 * The popularity prior as item biases:
 *
 *     itemBias[i] = c · log(1 + n_i),   n_i = number of users who have item i in `train`
 *
 * Lists are then ranked by s_ui + itemBias[i]. c > 0 moves them to popular items, c < 0 to the long tail, 0 leaves them; it can be changed without
 * training again: `createModel({ ...model, itemBias: popularityBias(trainedItems(model), c) })`. See docs/popularity.md.
 * @param train [users × items] interactions that were trained on; values do not count.
 * @param c any finite number, in the units of the scores; about .1 is usual for cosines.
 * @returns [items]
 */
export function popularityBias(train: Csr, c: number): Float32Array {
  return Float32Array.from(itemPopularity(train), (n) => c * Math.log1p(n));
}
