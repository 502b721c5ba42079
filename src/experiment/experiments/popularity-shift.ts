import type { DataFacts } from '../../report/report.ts';
import type { Experiment } from '../experiment.ts';
import type { ExperimentConfig } from '../settings.ts';
import { compareLosses } from './losses.ts';

/** Losses of the shift experiments, with the option values that validation chooses from. */
const shiftLosses: ExperimentConfig['losses'] = [
  { name: 'bpr', config: { decoupledWeightDecay: [0.3, 1], embeddingDropout: 0.2 } },
  { name: 'sl', tau: [0.1, 0.14, 0.2] },
  { name: 'sl', label: 'sl with λ', tau: [0.1, 0.14, 0.2], negativeWeight: [0.6, 0.8, 1] },
  { name: 'sl', label: 'sl with prior', tau: [0.1, 0.14, 0.2], config: { popularityPrior: 'auto' } },
  { name: 'bsl', tau: [0.1, 0.14, 0.2], tau1: [1, 4] },
  { name: 'dsl', tau: [0.1, 0.14, 0.2] },
  { name: 'psl', tau: [0.075, 0.1, 0.15] },
];

/** Compares losses on test sets drawn uniformly over items. */
export const popularityShift: Experiment = {
  name: 'popularity-shift',
  title: 'Popularity shift',
  summary:
    'Training data have a long tail; test items are drawn uniformly over the catalogue. Options and epochs are chosen on a tenth of train, held out approximately uniformly over items; nothing is chosen on the shifted test set. The final model is trained on all of train with the same number of steps.',
  source: 'Table 2 of Yang et al., NeurIPS 2024 (PSL); the DSL paper (arXiv 2602.07206)',
  defaults: {
    data: ['amazon2014-electronic-popularity', 'amazon2014-cd-popularity'],
    losses: shiftLosses,
    config: { aim: 'discovery', refit: true, validation: { every: 10, patience: 10, users: 20_000 } },
  },
  run: (lab, settings) =>
    compareLosses('Popularity shift', lab, settings, {
      choice: 'debiased',
      pairs: [
        { claim: 'SL is more accurate with a λ chosen on the debiased validation part.', pair: ['sl with λ', 'sl'] },
        {
          claim: 'SL is more accurate with a popularity prior chosen on the debiased validation part.',
          pair: ['sl with prior', 'sl'],
        },
      ],
      unfit: notShifted,
    }),
};

/** Why a data set says nothing about popularity shift: its test items are as popular as those of training. Sets drawn uniformly over items have shifts near 1, random splits near 0. */
function notShifted({ popularityShift: shift = 1 }: DataFacts): string | undefined {
  if (shift >= 0.5) return undefined;
  return `its test items are nearly as popular as those of training (shift ${shift.toFixed(2)}; 0 is a random split, 1 uniform over items)`;
}

/** Compares losses on a split by time. */
export const temporalShift: Experiment = {
  name: 'temporal-shift',
  title: 'Temporal shift',
  summary:
    'Training uses the earlier interactions, the test the latest ones; in between, preferences and the catalogue change. Options and epochs are chosen on a random tenth of the training part, which contains nothing of the future.',
  source: 'The temporal-shift protocol of the DSL paper (arXiv 2602.07206)',
  defaults: { data: ['movielens-1m-temporal'], losses: shiftLosses },
  run: (lab, settings) => compareLosses('Temporal shift', lab, settings, { choice: 'validation' }),
};
