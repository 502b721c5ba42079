import { type Csr, csrDegree, csrEntryRows, csrFromEntries, csrRow } from '../array/csr.ts';
import { type Random, randomStream } from '../array/random.ts';
import { sharedFloat32 } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';

/**
 * Positive noise: adds to each user's training positives P_u about ratio·|P_u| items that are in neither train nor test, nor in `valid` where it is given, drawn uniformly
 * and distinct. What rounding leaves over goes on to the next user, so the total is near ratio · interactions; less only where a user has too few items left.
 * The test stays clean. Where interactions have weights, an added one has that of an interaction of the same user drawn at random.
 * The protocol of Wu et al. (BSL), ICDE 2024, experiments with noisy positives.
 *
 * @param ratio ≥ 0; .4 adds 40%, so that of the noisy set 29% are noise
 * @throws TaurecError `bad-option`
 */
export function addPositiveNoise(train: Csr, test: Csr, ratio: number, seed: number, valid?: Csr): Csr {
  if (!(ratio >= 0 && ratio < Infinity)) {
    throw new TaurecError('bad-option', { option: 'positive noise ratio', got: ratio, expected: 'a number ≥ 0' });
  }
  const known = [train, test, ...(valid ? [valid] : [])];
  const random = randomStream(seed, 'positive-noise');
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

/** The items below `items` that user u has in any of the matrices, ascending. */
function knownItems(matrices: readonly Csr[], u: number, items: number): number[] {
  const union = new Set<number>();
  for (const m of matrices) if (u < m.rows) for (const item of csrRow(m, u)) if (item < items) union.add(item);
  return [...union].sort((a, b) => a - b);
}

/** `count` distinct items, or all there are, that are not among `taken` (ascending); every set equally likely. Ranks by Floyd's algorithm, then the items of those ranks. */
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
      while (below < taken.length && taken[below]! <= rank + below) below++;
      return rank + below;
    });
}

/**
 * Negative noise: `negativeWeights` for training under which each known positive counts among its own user's negatives `ratio` times as much as any other item: r times
 * as often as under a uniform sampler that does not exclude positives. 0: masked, as is the default; 1: no masking.
 * The protocol of Wu et al. (BSL), ICDE 2024, experiments with noisy negatives; there r is a chance of drawing, here a weight of the same expectation.
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
