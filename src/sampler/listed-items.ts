import type { Csr } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';

/** The items of each user whose weight among the negatives differs from 1. Those of user u are indices[offsets[u] .. offsets[u + 1]), ascending. */
export interface ListedItems {
  /** [users + 1] */
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
  /** One per entry of `indices`, relative to 1 for an item that is not listed. Absent means all 0, that is, masked. */
  readonly weights?: Float32Array;
}

/**
 * Lists, per user, the masked positives (weight 0, when `maskPositives`) and the entries of `negativeWeights`, which take precedence. Weights of 1 are dropped.
 * Undefined when nothing can be listed.
 */
export function listedItems(train: Csr, maskPositives: boolean, negativeWeights?: Csr): ListedItems | undefined {
  // Masking alone needs no new arrays: the training matrix is the list, and absent weights mean 0.
  if (!negativeWeights) return maskPositives ? train : undefined;
  const positives = maskPositives ? train : { rows: 0, offsets: Int32Array.of(0), indices: new Int32Array(0) };
  // Upper bound of the entries; the arrays are cut to size at the end.
  const most = positives.indices.length + negativeWeights.indices.length;
  const offsets = new Int32Array(train.rows + 1);
  const indices = new Int32Array(most);
  const weights = new Float32Array(most);
  let at = 0;
  const list = (item: number, weight: number) => {
    if (weight === 1) return;
    indices[at] = item;
    weights[at++] = weight;
  };
  for (let u = 0; u < train.rows; u++) {
    // A merge of two ascending lists: p runs over the user's positives, e over the user's weight entries.
    let [p, lastP] = bounds(positives, u);
    const [first, last] = bounds(negativeWeights, u);
    for (let e = first; e < last; e++) {
      const item = negativeWeights.indices[e]!;
      while (p < lastP && positives.indices[p]! < item) list(positives.indices[p++]!, 0);
      if (p < lastP && positives.indices[p] === item) p++;
      list(item, negativeWeights.values ? negativeWeights.values[e]! : 1);
    }
    while (p < lastP) list(positives.indices[p++]!, 0);
    offsets[u + 1] = at;
  }
  return { offsets, indices: indices.slice(0, at), weights: weights.slice(0, at) };
}

/**
 * Checks the weights of negatives against the training matrix: no more users or items, and finite values ≥ 0.
 *
 * @throws TaurecError `bad-option`
 */
export function checkNegativeWeights({ rows, columns, values }: Csr, train: Csr): void {
  if (rows > train.rows || columns > train.columns) {
    const expected = `at most the ${train.rows} users × ${train.columns} items of train`;
    throw new TaurecError('bad-option', { option: 'negativeWeights', got: `${rows} × ${columns}`, expected });
  }
  const wrong = values?.find((w) => !(w >= 0 && w < Infinity));
  if (wrong !== undefined) {
    throw new TaurecError('bad-option', { option: 'negativeWeights.values', got: wrong, expected: 'weights ≥ 0' });
  }
}

/** The entries of row u; none for a row beyond the matrix, which may be smaller than `train`. */
function bounds({ rows, offsets }: Pick<Csr, 'rows' | 'offsets'>, u: number): [first: number, last: number] {
  return u < rows ? [offsets[u]!, offsets[u + 1]!] : [0, 0];
}
