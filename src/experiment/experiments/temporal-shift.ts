import type { Experiment } from '../experiment.ts';
import { compareLosses } from './losses.ts';
import { shiftLosses } from './popularity-shift.ts';

export const temporalShift: Experiment = {
  name: 'temporal-shift',
  title: 'Temporal shift',
  summary:
    'Training on the first part of time, testing on the last: tastes and the catalogue have moved on. Options and epochs are chosen on a random tenth of the training part, which knows nothing of the future.',
  source: 'The temporal-shift protocol of the DSL paper (arXiv 2602.07206)',
  defaults: { data: ['movielens-1m-temporal'], losses: shiftLosses },
  run: (lab, settings) => compareLosses('Temporal shift', 'validation', lab, settings),
};
