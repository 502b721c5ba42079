import type { Csr } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';
import { automaticRows } from './automatic-rows.ts';
import { checkNegativeWeights, listedItems } from './listed-items.ts';
import { PairBatchSampler } from './pair-batches.ts';
import type { Sampler } from './sampler.ts';
import { type SamplerOptions, type SettledSamplerOptions, samplerOptions } from './sampler-options.ts';
import { UserBatchSampler } from './user-batches.ts';

/**
 * Creates the sampler of a training run. Custom pools and samplers given by module need `loadSampler`.
 *
 * @param train [users × items] the training interactions; values are their weights, ≥ 0
 * @param options omitted options take their defaults
 * @param seed seed of the order of rows and of all draws
 * @param negativeWeights [users × items] weight of an item among the negatives of a user, ≥ 0, relative to 1 for any other item; an entry overrides `maskPositives`
 * @throws TaurecError `bad-option` for a bad option, a weight that is negative or not finite, or a matrix without a weight above 0
 */
export function createSampler(
  train: Csr,
  options: Partial<SamplerOptions>,
  seed: number,
  negativeWeights?: Csr,
): Sampler {
  const full = samplerOptions(options);
  if (train.indices.length === 0 || train.values?.every((w) => w === 0)) {
    const expected = 'at least one interaction with a weight above 0';
    throw new TaurecError('bad-option', { option: 'train', got: `${train.indices.length} interactions`, expected });
  }
  const wrong = train.values?.find((w) => !(w >= 0 && w < Infinity));
  if (wrong !== undefined) {
    throw new TaurecError('bad-option', { option: 'train.values', got: wrong, expected: 'weights ≥ 0' });
  }
  if (negativeWeights) checkNegativeWeights(negativeWeights, train);
  const listed = listedItems(train, full.maskPositives, negativeWeights);
  const rows = full.rows === 'auto' ? automaticRows(full.batch, train.rows) : full.rows;
  const { pool, sampler: custom } = full;
  for (const [name, source] of Object.entries({ pool, sampler: custom })) {
    if (typeof source !== 'object' || !('module' in source)) continue;
    const expected = 'a name or an object';
    throw new TaurecError('bad-option', { option: name, got: source.module, expected, remedy: 'Use loadSampler.' });
  }
  // From here on nothing depends on the data: 'auto' is a number, and modules are loaded.
  const settled = { ...full, rows } as SettledSamplerOptions;
  if (settled.sampler) return settled.sampler.openSampler({ train, options: settled, seed, negativeWeights });
  return full.batch === 'user'
    ? new UserBatchSampler(train, settled, seed, listed)
    : new PairBatchSampler(train, settled, seed, listed);
}
