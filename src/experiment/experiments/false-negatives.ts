import type { Experiment } from '../experiment.ts';
import { noiseExperiment, noisyLosses } from './noise.ts';
import { robustness } from './robustness.ts';

export const falseNegatives: Experiment = noiseExperiment({
  name: 'false-negatives',
  title: 'False negatives',
  summary:
    'A fifth of each user’s training positives is held back, and a negative is one of them with probability p: things the user likes and has not been seen to. The same positives are held back at every p, also at 0.',
  source:
    'The noisy-negatives protocol of Wu et al., ICDE 2024 (BSL), with held-back positives, as in the DSL paper (arXiv 2602.07206)',
  axis: 'p, negatives that are held-back positives',
  defaults: { data: ['movielens-100k', 'amazon2014-health'], losses: noisyLosses, levels: [0, 0.05, 0.1, 0.2, 0.3] },
  noise: (falseNegative) => ({ falseNegative }),
  options: ['tau'],
  conclude: robustness,
});
