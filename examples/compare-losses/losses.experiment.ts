import { defineExperiment } from 'taurec/lab';

/** The experiment `losses` with one loss more, on two data sets. What is not said here is as in the experiment itself. */
export default defineExperiment({
  data: ['movielens-100k', 'amazon2014-health'],
  losses: [
    { name: 'bpr', config: { decoupledWeightDecay: [0.3, 1], embeddingDropout: 0.2 } },
    { name: 'sl', tau: [0.1, 0.15, 0.2, 0.3] },
    { name: 'bsl', tau: [0.1, 0.15, 0.2, 0.3], tau1: [0.5, 1, 2, 4] },
    { name: 'psl', tau: [0.075, 0.11, 0.15, 0.2] },
    // One line for a loss of one's own; a list of values is a choice for validation.
    {
      module: new URL('./margin-softmax-loss.ts', import.meta.url).href,
      export: 'MarginSoftmaxLoss',
      label: 'margin softmax',
      tau: [0.1, 0.15, 0.2, 0.3],
      margin: [0.2, 0.5, 0.8],
    },
  ],
  // And one for a metric of one's own, beside the built-in ones.
  metrics: [
    'ndcg@20',
    'recall@20',
    'coverage@20',
    { module: new URL('./rank-biased-precision.ts', import.meta.url).href, export: 'rankBiasedPrecision', name: 'rbp' },
  ],
  backbones: ['mf'],
});
