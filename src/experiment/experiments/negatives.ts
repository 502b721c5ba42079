import type { Experiment, Lab } from '../experiment.ts';
import { claimOf, moreThan } from '../findings.ts';
import type { ExperimentSettings } from '../settings.ts';
import { casesOf, keepsMore, type LevelCase, levelExperiment } from './level-experiment.ts';

/** Losses compared with SL. */
const others = ['bpr', 'bce', 'mse'];

/** Verdicts on whether more negatives help SL, and help it more than the other losses. */
async function conclude(_: Lab, settings: ExperimentSettings, cases: readonly LevelCase[]) {
  const [fewest, most] = [Math.min(...settings.levels), Math.max(...settings.levels)];
  const groups = settings.data.flatMap(({ name }) => {
    const sl = casesOf(cases, name, 'sl');
    return sl.length > 1 ? [{ name, sl }] : [];
  });
  return {
    claims: [
      claimOf(
        'SL is more accurate with the most negatives than with the fewest.',
        groups.map(({ name, sl }) =>
          moreThan(
            name,
            [`sl with ${most} negatives`, sl.at(-1)!.records],
            [`with ${fewest}`, sl[0]!.records],
            settings,
          ),
        ),
        'BSL, figure 9',
      ),
      claimOf(
        'From the fewest negatives to the most, SL gains a larger fraction of its accuracy than BPR, BCE and MSE gain of theirs.',
        groups.flatMap(({ name, sl }) =>
          others
            .map((label) => casesOf(cases, name, label))
            .filter(({ length }) => length > 1)
            .map((theirs) => keepsMore(name, sl, theirs, settings)),
        ),
        'BSL, figure 9',
      ),
    ],
  };
}

/** Accuracy against the number of negatives of a user batch. Its axis is that number. */
export const negatives: Experiment = levelExperiment({
  name: 'negatives',
  title: 'Number of negatives',
  summary:
    'A user batch shares a pool of negatives; the experiment varies its size. The claim is that a softmax loss gains from more negatives and losses with one negative a term do not. Options are chosen anew at every size.',
  source: 'Wu et al., ICDE 2024 (BSL), figure 9',
  axis: 'negatives of a batch',
  scale: 'log',
  defaults: {
    data: ['movielens-100k', 'amazon2014-electronic'],
    losses: [
      ...others.map((name) => ({ name, config: { decoupledWeightDecay: [0.3, 1] } })),
      { name: 'sl', tau: [0.1, 0.15, 0.2, 0.3] },
      { name: 'bsl', tau: [0.1, 0.15, 0.2, 0.3] },
    ],
    levels: [32, 128, 512, 2048],
  },
  at: (number) => ({ config: { batch: { negatives: number } } }),
  options: ['tau'],
  conclude,
});
