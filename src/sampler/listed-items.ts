import type { Csr } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';

/** For each user the items whose weight among the negatives is its own: those of user u are indices[offsets[u] .. offsets[u + 1]), ascending. */
export interface ListedItems {
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
  /** Beside `indices`, relative to 1 for an item that is not listed; absent means all 0. */
  readonly weights?: Float32Array;
}

/**
 * The user's positives with weight 0, where they are masked, and the entries of `negativeWeights`, which have the last word. What weighs 1 is not listed.
 * Undefined when nothing can be.
 */
export function listedItems(train: Csr, maskPositives: boolean, negativeWeights?: Csr): ListedItems | undefined {
  if (!negativeWeights) return maskPositives ? train : undefined;
  const positives = maskPositives ? train : { rows: 0, offsets: Int32Array.of(0), indices: new Int32Array(0) };
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
 * Checks weights of negatives against the matrix that is trained on: not more users or items than it has, values ≥ 0.
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

function bounds({ rows, offsets }: Pick<Csr, 'rows' | 'offsets'>, u: number): [first: number, last: number] {
  return u < rows ? [offsets[u]!, offsets[u + 1]!] : [0, 0];
}
