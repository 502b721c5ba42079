import type { Section } from '../../report/report.ts';
import { specOf } from '../choose-options.ts';
import type { Experiment, Lab } from '../experiment.ts';
import { cellOf, claimOf, meanOf, moreThan, type Observation, optionsText, percentText } from '../findings.ts';
import { mergeConfigs } from '../run.ts';
import type { ExperimentSettings } from '../settings.ts';
import { casesOf, type NoisyCase, noiseExperiment, noisyLosses } from './noise.ts';

/** Pair rows have one positive each, so τ1 has nothing to weigh. They have fewer negatives and epochs than in the papers, the same for both losses, to save time. */
const pairRows = {
  batch: { kind: 'pair', rows: 1024, negatives: 128, pool: 'uniform' },
  learningRate: 0.01,
  epochs: 5,
} as const;

/** Random items among the positives. Its axis is their number as a fraction of the true positives. */
export const positiveNoise: Experiment = noiseExperiment({
  name: 'positive-noise',
  title: 'Positive noise',
  summary:
    'Random items are added to each user’s training positives as false likes; none is in the user’s training or test part. The test set stays clean. BSL weighs a user’s positives by exp(s/τ1), so positives that do not fit the others count less; for this, all positives of a user must be in one row.',
  source:
    'Wu et al., “BSL: Understanding and improving softmax loss for recommendation”, ICDE 2024, experiments with noisy positives',
  axis: 'random positives, as a fraction of the true ones',
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
        claimOf('Pair rows hide the effect: with one positive per row BSL equals SL at every τ1.', pairs.observations),
      ],
      sections: [pairs.section],
    };
  },
});

/** Whether the best τ1 is smaller with the most noise than with the least. */
function falls(where: string, clean: unknown, noisy: unknown): Observation {
  const [before, after] = [Number(clean), Number(noisy)];
  const verdict = after < before ? 'held' : after > before ? 'failed' : 'unclear';
  return { verdict, text: `${where}: best τ1 ${clean} with the least noise, ${noisy} with the most` };
}

/** The τ with which a case was trained, whether chosen or given. */
function trainedTau({ records }: NoisyCase): unknown {
  return (records[0]!.config.loss as { options: Record<string, unknown> }).options.tau;
}

/** Trains the cases (SL and BSL in turn) with their options in pair rows, and compares BSL with SL there. */
async function pairSection(lab: Lab, settings: ExperimentSettings, cases: readonly NoisyCase[]) {
  // Cases come in pairs, SL then BSL. Both get SL's temperature, so that only τ1 differs.
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
      'In a pair batch each row has one positive. LEE over one score is that score, so BSL has the gradients of SL at every τ1, up to rounding.',
    ],
    tables: [
      {
        name: 'pair-rows',
        caption: `Test ${settings.metric} (${settings.protocol}) in pair rows (${pairRows.batch.negatives} negatives, ${pairRows.epochs} epochs, seed ${settings.seeds[0]}) compared with user rows, at the highest noise.`,
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
