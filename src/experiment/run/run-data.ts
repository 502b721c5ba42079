import type { Csr } from '../../array/csr.ts';
import { type Dataset, type DatasetOptions, loadDataset } from '../../data/dataset.ts';
import { holdBackFalseNegatives } from '../../data/split/hold-back-false-negatives.ts';
import { addPositiveNoise, negativeNoise } from '../../data/training-noise.ts';
import { TaurecError } from '../../errors.ts';
import type { Choice, RunSpec } from './run.ts';

/** The part of a user's training positives that the false-negative protocol takes away, whatever the probability that they then come back as negatives. */
const heldBackShare = 0.2;

/** The data of a run. */
export interface RunData {
  /** What is trained on, with the noise, and `valid` where an epoch is to be chosen. */
  readonly dataset: Dataset & { readonly test: Csr };
  readonly negativeWeights?: Csr;
  /** What lists may not show: everything that the training file held, also what was held back. */
  readonly seen: Csr;
}

const held: Readonly<Record<Choice, Partial<DatasetOptions>>> = {
  validation: { validRatio: 0.1, validSplit: 'random' },
  debiased: { validRatio: 0.1, validSplit: 'debiased' },
  last: {},
  test: {},
};

/**
 * Reads a run's data set, holds out what its epoch is chosen by, and adds its noise: to the training part alone. Validation and test stay clean: an added positive is in neither, and a
 * positive that is held back comes from the training part.
 * @throws TaurecError what `loadDataset` throws; `bad-option` for noise out of its range; `empty-data` without a test part
 */
export async function loadRunData({
  data,
  choice,
  noise = {},
  seed,
}: Pick<RunSpec, 'data' | 'choice' | 'noise' | 'seed'>): Promise<RunData> {
  const loaded = await loadDataset({ seed, ...data.files, ...held[choice] });
  const { test } = loaded;
  if (!test) throw new TaurecError('empty-data', { file: data.files.train, reason: `${data.name} has no test part` });
  const dataset = { ...loaded, test, valid: choice === 'test' ? test : loaded.valid };
  const { positive = 0, negative = 0, falseNegative } = noise;
  if (positive !== 0) dataset.train = addPositiveNoise(dataset.train, test, positive, seed, loaded.valid);
  const seen = dataset.train;
  if (falseNegative !== undefined) {
    const { train, negativeWeights } = holdBackFalseNegatives(dataset.train, heldBackShare, falseNegative, seed);
    return { dataset: { ...dataset, train }, negativeWeights, seen };
  }
  return { dataset, seen, ...(negative !== 0 && { negativeWeights: negativeNoise(dataset.train, negative) }) };
}
