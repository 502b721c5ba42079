import type { Section } from '../../report/report.ts';
import { specOf } from '../choose-options.ts';
import type { Experiment, Lab } from '../experiment.ts';
import { cellOf, claimOf, meanOf, moreThan, type Observation, optionsText, percentText } from '../findings.ts';
import { mergeConfigs } from '../run.ts';
import type { ExperimentSettings } from '../settings.ts';
import { casesOf, type NoisyCase, noiseExperiment, noisyLosses } from './noise.ts';

/** Pair rows: one positive a row, so that a row has nothing to choose among. Fewer negatives and epochs than papers take; both losses have the same. */
const pairRows = {
  batch: { kind: 'pair', rows: 1024, negatives: 128, pool: 'uniform' },
  learningRate: 0.01,
  epochs: 5,
} as const;

export const positiveNoise: Experiment = noiseExperiment({
  name: 'positive-noise',
  title: 'Positive noise',
  summary:
    'To each user’s training positives, random items are added, in neither train nor test of the user: likes that are none. The test stays clean. BSL weighs a user’s positives by exp(s/τ1), so that those which do not fit the others count less; it needs a user’s positives in one row.',
  source:
    'Wu et al., “BSL: Understanding and improving softmax loss for recommendation”, ICDE 2024, experiments with noisy positives',
  axis: 'random positives, part of the true ones',
  defaults: {
    data: ['movielens-100k', 'amazon2014-health', 'movielens-1m', 'amazon2014-electronic'],
    losses: noisyLosses,
    levels: [0, 0.1, 0.2, 0.3, 0.4],
  },
  noise: (positive) => ({ positive }),
  options: ['tau', 'tau1'],
  async conclude(lab, settings, cases) {
    const [least, most] = [Math.min(...settings.levels), Math.max(...settings.levels)];
    const names = settings.data.map(({ name }) => name);
    const at = (data: string, loss: string, level: number) =>
      casesOf(cases, data, loss).find((one) => one.level === level);
    const both = names.flatMap((name) => {
      const [sl, bsl, clean] = [at(name, 'sl', most), at(name, 'bsl', most), at(name, 'bsl', least)];
      return sl && bsl && clean ? [{ name, sl, bsl, clean }] : [];
    });
    const pairs = await pairSection(
      lab,
      settings,
      both.flatMap(({ sl, bsl }) => [sl, bsl]),
    );
    return {
      claims: [
        claimOf(
          `With ${Math.round(100 * most)}% random positives BSL is more accurate than SL, in user rows.`,
          both.map(({ name, sl, bsl }) => moreThan(name, ['bsl', bsl.records], ['sl', sl.records], settings)),
        ),
        claimOf(
          'The noisier the positives, the smaller the best τ1.',
          both.flatMap(({ name, bsl, clean }) =>
            'tau1' in bsl.options && least < most ? [falls(name, clean.options.tau1, bsl.options.tau1)] : [],
          ),
        ),
        claimOf('Pair rows hide it: with one positive a row BSL is SL, whatever its τ1.', pairs.observations),
      ],
      sections: [pairs.section],
    };
  },
});

function falls(where: string, clean: unknown, noisy: unknown): Observation {
  const [before, after] = [Number(clean), Number(noisy)];
  const verdict = after < before ? 'held' : after > before ? 'failed' : 'unclear';
  return { verdict, text: `${where}: best τ1 ${clean} with the least noise, ${noisy} with the most` };
}

/** τ that a case was trained with, chosen or not. */
function trainedTau({ records }: NoisyCase): unknown {
  return (records[0]!.config.loss as { options: Record<string, unknown> }).options.tau;
}

/** The same losses with their options in pair rows, and the relation of BSL to SL there. */
async function pairSection(lab: Lab, settings: ExperimentSettings, cases: readonly NoisyCase[]) {
  // SL's temperature for both: what differs then is τ1 alone.
  const pairs = cases.map((one, index) => {
    const options = { ...one.options, tau: trainedTau(cases[index - (index % 2)]!) };
    const spec = specOf(one, options, settings.seeds[0]!);
    return { one, options, spec: { ...spec, config: mergeConfigs(spec.config, pairRows) } };
  });
  const records = await lab.runAll(
    'Positive noise: pair rows',
    pairs.map(({ spec }) => spec),
  );
  const observations: Observation[] = [];
  for (let p = 0; p < pairs.length; p += 2) {
    const difference = meanOf([records[p + 1]!], settings) / meanOf([records[p]!], settings) - 1;
    observations.push({
      verdict: Math.abs(difference) < 0.01 ? 'held' : 'failed',
      text: `${pairs[p]!.one.spec.data.name}: ${percentText(difference)} in pair rows, ${percentText(meanOf(pairs[p + 1]!.one.records, settings) / meanOf(pairs[p]!.one.records, settings) - 1)} in user rows`,
    });
  }
  const section: Section = {
    title: 'Pair rows',
    text: [
      'In a pair batch a row has one positive, and LEE over one score is that score: BSL has the gradients of SL at every τ1. What differs is rounding.',
    ],
    tables: [
      {
        name: 'pair-rows',
        caption: `Test ${settings.metric} (${settings.protocol}) in pair rows (${pairRows.batch.negatives} negatives, ${pairRows.epochs} epochs, seed ${settings.seeds[0]}) beside user rows, at the highest noise.`,
        columns: [
          { name: 'data', show: 'text' },
          { name: 'loss', show: 'text' },
          { name: 'options in pair rows', show: 'text' },
          { name: 'pair rows' },
          { name: 'user rows' },
        ],
        rows: pairs.map(({ one, options }, index) => [
          one.spec.data.name,
          one.loss.label,
          optionsText(options),
          meanOf([records[index]!], settings),
          cellOf(one.records, settings),
        ]),
      },
    ],
  };
  return { observations, section };
}
