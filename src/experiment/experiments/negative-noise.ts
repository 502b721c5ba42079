import type { Experiment } from '../experiment.ts';
import { noiseExperiment, noisyLosses } from './noise.ts';
import { robustness } from './robustness.ts';

export const negativeNoise: Experiment = noiseExperiment({
  name: 'negative-noise',
  title: 'Noisy negatives',
  summary:
    'A user’s known positives are drawn as negatives, r times as often as any other item: what a sampler does that does not exclude them (r = 1), and worse. The softmax loss is distributionally robust on its negative side; the claim is that it keeps more of its accuracy than pairwise and pointwise losses.',
  source: 'Wu et al., ICDE 2024 (BSL), insight 1 and its experiments with noisy negatives',
  axis: 'r, how often a known positive is drawn as a negative',
  defaults: { data: ['movielens-100k', 'amazon2014-health'], losses: noisyLosses, levels: [0, 1, 3, 5, 10] },
  noise: (negative) => ({ negative }),
  options: ['tau'],
  conclude: robustness,
});
