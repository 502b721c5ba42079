import type { Experiment, Lab } from '../experiment.ts';
import { bestByValidation, claimOf, moreThan, type Observation } from '../findings.ts';
import type { ExperimentSettings } from '../settings.ts';
import { bestMoves, casesOf, keepsMore, type LevelCase, levelExperiment, noisyLosses } from './level-experiment.ts';

/** The softmax losses of the claims, and the losses they are compared with. */
const robust = ['sl', 'bsl', 'bsl with λ', 'dsl', 'psl'];
const others = ['bpr', 'bce', 'mse'];

/** Losses that papers claim to be more accurate than SL at the highest noise, by their labels. */
const pairs = [
  { more: 'bsl with λ', name: 'BSL at its best λ', paper: 'BSL, figure 8' },
  { more: 'bsl', name: 'BSL', paper: 'BSL, figure 8' },
  { more: 'dsl', name: 'DSL', paper: 'DSL, abstract' },
  { more: 'psl', name: 'PSL', paper: 'PSL, false negatives' },
] as const;

/**
 * Verdicts on claims about noisy negatives: SL keeps a larger fraction of its accuracy than the other losses; the best softmax loss is more accurate than the best
 * other loss at the highest level, and so are BSL, DSL and PSL than SL; the best τ grows with the noise.
 */
export async function robustness(lab: Lab, settings: ExperimentSettings, cases: readonly LevelCase[]) {
  const most = Math.max(...settings.levels);
  const kept: Observation[] = [];
  const more: Observation[] = [];
  const better: Observation[][] = pairs.map(() => []);
  for (const { name } of settings.data) {
    // The cases of each loss that was run, by level: the first is the least noisy, the last the noisiest.
    const of = (labels: readonly string[]) =>
      labels.map((label) => casesOf(cases, name, label)).filter((c) => c.length > 0);
    for (const ours of of(['sl'])) {
      for (const theirs of of(others)) kept.push(keepsMore(name, ours, theirs, settings));
    }
    const best = (groups: LevelCase[][]) => bestByValidation(groups.map((group) => group.at(-1)!));
    const [ours, theirs] = [best(of(robust)), best(of(others))];
    const where = `${name} at ${most}`;
    if (ours && theirs)
      more.push(moreThan(where, [ours.loss.label, ours.records], [theirs.loss.label, theirs.records], settings));
    const sl = of(['sl'])[0]?.at(-1);
    for (const [at, { more: label }] of pairs.entries()) {
      const one = of([label])[0]?.at(-1);
      if (one && sl) better[at]!.push(moreThan(where, [label, one.records], ['sl', sl.records], settings));
    }
  }
  const groupsOfSl = settings.data.map(({ name }) => casesOf(cases, name, 'sl'));
  return {
    claims: [
      claimOf(
        'From the lowest to the highest noise, SL keeps a larger fraction of its accuracy than BPR, BCE and MSE keep of theirs.',
        kept,
        'BSL, insight 1',
      ),
      claimOf(
        'At the highest noise the best softmax loss is more accurate than the best of BPR, BCE and MSE.',
        more,
        'BSL, insight 1',
      ),
      ...pairs.map(({ name, paper }, at) =>
        claimOf(`At the highest noise ${name} is more accurate than SL.`, better[at]!, paper),
      ),
      claimOf(
        'The noisier the negatives, the larger the best τ of SL.',
        await bestMoves(lab, settings, 'tau', 1, groupsOfSl),
        'BSL, best τ by r',
      ),
    ],
  };
}

/** Known positives among the negatives. Its axis is their weight r in the draw. */
export const negativeNoise: Experiment = levelExperiment({
  name: 'negative-noise',
  title: 'Noisy negatives',
  summary:
    'The sampler draws a user’s known positives as negatives, r times as often as any other item. At r = 1 it behaves like a sampler that does not exclude positives; larger r is worse. The softmax loss is distributionally robust on its negative side; the claim is that it keeps more of its accuracy than pairwise and pointwise losses.',
  source: 'Wu et al., ICDE 2024 (BSL), insight 1 and its experiments with noisy negatives',
  axis: 'r, relative frequency of known positives among negatives',
  published: 'negative-noise',
  defaults: { data: ['movielens-100k', 'amazon2014-health'], losses: noisyLosses, levels: [0, 1, 3, 5, 10] },
  at: (negative) => (negative === 0 ? {} : { noise: { negative } }),
  options: ['tau'],
  conclude: robustness,
});

/** Held-back positives among the negatives. Its axis is their probability p. */
export const falseNegatives: Experiment = levelExperiment({
  name: 'false-negatives',
  title: 'False negatives',
  summary:
    'A fifth of each user’s training positives is held back, and a negative is one of them with probability p: an item that the user likes, though no interaction shows it. The same positives are held back at every p, including 0. (The PSL paper, whose values may be shown for comparison, holds a tenth back.)',
  source:
    'The noisy-negatives protocol of Wu et al., ICDE 2024 (BSL), with held-back positives as in the DSL paper (arXiv 2602.07206) and in Yang et al., NeurIPS 2024 (PSL)',
  axis: 'p, share of negatives that are held-back positives',
  published: 'false-negatives',
  defaults: { data: ['movielens-100k', 'amazon2014-health'], losses: noisyLosses, levels: [0, 0.05, 0.1, 0.2, 0.3] },
  at: (falseNegative) => ({ noise: { falseNegative } }),
  options: ['tau'],
  conclude: robustness,
});
