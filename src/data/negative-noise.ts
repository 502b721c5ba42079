import type { Csr } from '../array/csr.ts';
import { sharedFloat32 } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';

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
