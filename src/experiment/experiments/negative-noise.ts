import type { Experiment, Lab } from '../experiment.ts';
import { bestByValidation, claimOf, metricOf, moreThan, type Observation, percentText, signOf } from '../findings.ts';
import type { ExperimentSettings } from '../settings.ts';
import { mean } from '../statistics.ts';
import { casesOf, type NoisyCase, noiseExperiment, noisyLosses } from './noise.ts';

/** The softmax losses of the claims, and the losses they are compared with. */
const robust = ['sl', 'bsl', 'dsl'];
const others = ['bpr', 'bce', 'mse'];

/**
 * Verdicts on three claims about noisy negatives at the highest level: SL keeps a larger fraction of its accuracy than the other losses; the best softmax loss
 * is more accurate than the best other loss; DSL is more accurate than SL.
 */
export async function robustness(_: Lab, settings: ExperimentSettings, cases: readonly NoisyCase[]) {
  const most = Math.max(...settings.levels);
  const kept: Observation[] = [];
  const more: Observation[] = [];
  const dual: Observation[] = [];
  for (const { name } of settings.data) {
    // The cases of each loss that was run, by level: the first is the least noisy, the last the noisiest.
    const of = (labels: readonly string[]) =>
      labels.map((label) => casesOf(cases, name, label)).filter((c) => c.length > 0);
    for (const ours of of(['sl'])) {
      for (const theirs of of(others)) kept.push(keepsMore(name, ours, theirs, settings));
    }
    const best = (groups: NoisyCase[][]) => bestByValidation(groups.map((group) => group.at(-1)!));
    const [ours, theirs] = [best(of(robust)), best(of(others))];
    const where = `${name} at ${most}`;
    if (ours && theirs)
      more.push(moreThan(where, [ours.loss.label, ours.records], [theirs.loss.label, theirs.records], settings));
    const [dsl, sl] = [of(['dsl'])[0]?.at(-1), of(['sl'])[0]?.at(-1)];
    if (dsl && sl) dual.push(moreThan(where, ['dsl', dsl.records], ['sl', sl.records], settings));
  }
  return {
    claims: [
      claimOf(
        'From the lowest to the highest noise, SL keeps a larger fraction of its accuracy than BPR, BCE and MSE keep of theirs.',
        kept,
      ),
      claimOf('At the highest noise the best softmax loss is more accurate than the best of BPR, BCE and MSE.', more),
      claimOf('At the highest noise DSL is more accurate than SL.', dual),
    ],
  };
}

/** Whether `ours` keeps a larger fraction of its accuracy from the lowest to the highest level, paired by seed. */
function keepsMore(where: string, ours: NoisyCase[], theirs: NoisyCase[], settings: ExperimentSettings): Observation {
  const left = (group: NoisyCase[]) =>
    group[0]!.records.map(
      (clean, seed) => metricOf(group.at(-1)!.records[seed]!, settings) / metricOf(clean, settings),
    );
  const [a, b] = [left(ours), left(theirs)];
  // `slice` drops the sign of the percentages.
  const text = `${where}: ${ours[0]!.loss.label} keeps ${percentText(mean(a)).slice(1)}, ${theirs[0]!.loss.label} ${percentText(mean(b)).slice(1)}`;
  return { verdict: signOf(a.map((share, seed) => share - b[seed]!)), text };
}

/** Known positives among the negatives. Its axis is their weight r in the draw. */
export const negativeNoise: Experiment = noiseExperiment({
  name: 'negative-noise',
  title: 'Noisy negatives',
  summary:
    'The sampler draws a user’s known positives as negatives, r times as often as any other item. At r = 1 it behaves like a sampler that does not exclude positives; larger r is worse. The softmax loss is distributionally robust on its negative side; the claim is that it keeps more of its accuracy than pairwise and pointwise losses.',
  source: 'Wu et al., ICDE 2024 (BSL), insight 1 and its experiments with noisy negatives',
  axis: 'r, relative frequency of known positives among negatives',
  defaults: { data: ['movielens-100k', 'amazon2014-health'], losses: noisyLosses, levels: [0, 1, 3, 5, 10] },
  noise: (negative) => (negative === 0 ? {} : { negative }),
  options: ['tau'],
  conclude: robustness,
});

/** Held-back positives among the negatives. Its axis is their probability p. */
export const falseNegatives: Experiment = noiseExperiment({
  name: 'false-negatives',
  title: 'False negatives',
  summary:
    'A fifth of each user’s training positives is held back, and a negative is one of them with probability p: an item that the user likes, though no interaction shows it. The same positives are held back at every p, including 0.',
  source:
    'The noisy-negatives protocol of Wu et al., ICDE 2024 (BSL), with held-back positives as in the DSL paper (arXiv 2602.07206)',
  axis: 'p, share of negatives that are held-back positives',
  defaults: { data: ['movielens-100k', 'amazon2014-health'], losses: noisyLosses, levels: [0, 0.05, 0.1, 0.2, 0.3] },
  noise: (falseNegative) => ({ falseNegative }),
  options: ['tau'],
  conclude: robustness,
});
