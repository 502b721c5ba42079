import { type Csr, csrDegree, csrEntryRows, csrFromEntries, csrRow } from '../array/csr.ts';
import { type Random, randomStream } from '../array/random.ts';
import { sharedFloat32 } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';

/**
 * Adds positive noise: about ratio·|P_u| false positives to the training positives P_u of each user u. They are distinct items, drawn uniformly from those
 * that the user has in none of train, test and `valid` (if given). The rounding remainder carries over to the next user, so the total is close to
 * ratio · interactions, and smaller only when a user has too few items left. The test part stays clean. If interactions have weights, an added one gets the weight
 * of a random interaction of the same user. Protocol: the experiments with noisy positives of Wu et al. (BSL), ICDE 2024.
 *
 * @param train users × items
 * @param ratio ≥ 0; .4 adds 40%, so that 29% of the noisy set are noise
 * @param valid items that a refit will train on; they are not drawn as noise
 * @returns users × items, the positives of train and the added ones
 * @throws TaurecError `bad-option`
 */
export function addPositiveNoise(train: Csr, test: Csr, ratio: number, seed: number, valid?: Csr): Csr {
  if (!(ratio >= 0 && ratio < Infinity)) {
    throw new TaurecError('bad-option', { option: 'positive noise ratio', got: ratio, expected: 'a number ≥ 0' });
  }
  const known = [train, test, ...(valid ? [valid] : [])];
  const random = randomStream(seed, 'positive-noise');
  // A separate stream, so that the drawn items are the same with and without weights.
  const weightRandom = randomStream(seed, 'positive-noise-weights');
  let at = train.indices.length;
  const size = at + Math.ceil(at * ratio) + 1;
  const rowOf = new Int32Array(size);
  rowOf.set(csrEntryRows(train));
  const columnOf = new Int32Array(size);
  columnOf.set(train.indices);
  const values = train.values && new Float32Array(size);
  values?.set(train.values!);
  let carry = random.real();
  for (let u = 0; u < train.rows; u++) {
    const degree = csrDegree(train, u);
    const share = degree * ratio + carry;
    carry = share - Math.floor(share);
    if (share < 1) continue;
    const taken = knownItems(known, u, train.columns);
    for (const item of drawOthers(Math.floor(share), taken, train.columns, random)) {
      rowOf[at] = u;
      columnOf[at] = item;
      if (values) values[at] = train.values![train.offsets[u]! + weightRandom.integer(degree)]!;
      at++;
    }
  }
  const filled = <T extends Int32Array | Float32Array>(list: T) => list.subarray(0, at) as T;
  return csrFromEntries(train.rows, train.columns, filled(rowOf), filled(columnOf), values && filled(values));
}

/** The items of user u in any of the matrices, ascending. Test-only items (index ≥ `items`) are left out: noise cannot draw them. */
function knownItems(matrices: readonly Csr[], u: number, items: number): number[] {
  const union = new Set<number>();
  for (const m of matrices) if (u < m.rows) for (const item of csrRow(m, u)) if (item < items) union.add(item);
  return [...union].sort((a, b) => a - b);
}

/**
 * Draws `count` distinct items (or all, if fewer are free) that are not in `taken` (ascending); every set of that size is equally likely. Floyd's algorithm draws
 * ranks among the free items; one pass over `taken` turns the ranks into items.
 */
function drawOthers(count: number, taken: readonly number[], items: number, random: Random): number[] {
  const free = items - taken.length;
  const ranks = new Set<number>();
  for (let k = Math.max(0, free - count); k < free; k++) {
    const rank = random.integer(k + 1);
    ranks.add(ranks.has(rank) ? k : rank);
  }
  let below = 0;
  return [...ranks]
    .sort((a, b) => a - b)
    .map((rank) => {
      // `below`: how many taken items precede the free item of this rank.
      while (below < taken.length && taken[below]! <= rank + below) below++;
      return rank + below;
    });
}

/**
 * Makes negative noise: `negativeWeights` for training in which each known positive counts `ratio` times as much among its own user's negatives as any other item,
 * that is, r times as often as under a uniform sampler that does not exclude positives. 0: positives are masked, the default of training; 1: no masking.
 * Protocol: the experiments with noisy negatives of Wu et al. (BSL), ICDE 2024. There r is a probability of drawing, here a weight with the same expectation.
 * Validation items that a refit adds to the positives stay masked.
 *
 * @param ratio r ≥ 0
 * @returns [users × items] the entries of train with value r
 * @throws TaurecError `bad-option`
 */
export function negativeNoise(train: Csr, ratio: number): Csr {
  if (!(ratio >= 0 && ratio < Infinity)) {
    throw new TaurecError('bad-option', { option: 'negative noise ratio', got: ratio, expected: 'a number ≥ 0' });
  }
  return { ...train, values: sharedFloat32(train.indices.length).fill(ratio) };
}
