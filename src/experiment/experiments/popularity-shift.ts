import type { Experiment } from '../experiment.ts';
import type { ExperimentConfig } from '../settings.ts';
import { compareLosses } from './losses.ts';

/** Losses of the shift experiments. */
const shiftLosses: ExperimentConfig['losses'] = [
  { name: 'bpr', config: { decoupledWeightDecay: [0.3, 1], embeddingDropout: 0.2 } },
  { name: 'sl', tau: [0.1, 0.14, 0.2] },
  { name: 'sl', label: 'sl with λ', tau: [0.1, 0.14, 0.2], negativeWeight: [0.6, 0.8, 1] },
  { name: 'sl', label: 'sl with prior', tau: [0.1, 0.14, 0.2], config: { popularityPrior: 'auto' } },
  { name: 'bsl', tau: [0.1, 0.14, 0.2], tau1: [1, 4] },
  { name: 'dsl', tau: [0.1, 0.14, 0.2] },
  { name: 'psl', tau: [0.075, 0.1, 0.15] },
];

export const popularityShift: Experiment = {
  name: 'popularity-shift',
  title: 'Popularity shift',
  summary:
    'Training data with a long tail, test items drawn uniformly over the catalogue. Options and epochs are chosen on a tenth of train that is held out about uniformly over items; nothing is chosen on the shifted test. Then all of train is trained on, for as many steps.',
  source: 'Table 2 of Yang et al., NeurIPS 2024 (PSL); the DSL paper (arXiv 2602.07206)',
  defaults: {
    data: ['amazon2014-electronic-popularity', 'amazon2014-cd-popularity'],
    losses: shiftLosses,
    config: { aim: 'discovery', refit: true, validation: { every: 10, patience: 10, users: 20_000 } },
  },
  run: (lab, settings) =>
    compareLosses('Popularity shift', 'debiased', lab, settings, [
      { claim: 'λ chosen on the debiased part makes SL more accurate.', pair: ['sl with λ', 'sl'] },
      {
        claim: 'The popularity prior chosen on the debiased part makes SL more accurate.',
        pair: ['sl with prior', 'sl'],
      },
    ]),
};

export const temporalShift: Experiment = {
  name: 'temporal-shift',
  title: 'Temporal shift',
  summary:
    'Training on the first part of time, testing on the last: tastes and the catalogue have moved on. Options and epochs are chosen on a random tenth of the training part, which knows nothing of the future.',
  source: 'The temporal-shift protocol of the DSL paper (arXiv 2602.07206)',
  defaults: { data: ['movielens-1m-temporal'], losses: shiftLosses },
  run: (lab, settings) => compareLosses('Temporal shift', 'validation', lab, settings),
};
