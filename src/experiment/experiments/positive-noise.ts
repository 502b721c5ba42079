import type { Section } from '../../report/report.ts';
import { inGroups, specOf } from '../choose-options.ts';
import type { Experiment, Lab } from '../experiment.ts';
import {
  cellOf,
  claimOf,
  liesBetween,
  meanOf,
  metricOf,
  moreThan,
  type Observation,
  optionsText,
  percentText,
  signOf,
  validations,
} from '../findings.ts';
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
  noise: (positive) => (positive === 0 ? {} : { positive }),
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
          await falls(
            lab,
            settings,
            both.filter(({ bsl }) => 'tau1' in bsl.options && least < most),
          ),
        ),
        claimOf('Pair rows hide the effect: with one positive per row BSL equals SL at every τ1.', pairs.observations),
      ],
      sections: [pairs.section],
    };
  },
});

/**
 * Whether the best τ1 is smaller with the most noise than with the least. A best value is the choice of one seed, so it counts only if, at the most noise, it
 * validates better over all seeds than the best τ1 of the least noise.
 */
async function falls(
  lab: Lab,
  { seeds }: ExperimentSettings,
  cases: readonly { readonly name: string; readonly bsl: NoisyCase; readonly clean: NoisyCase }[],
): Promise<Observation[]> {
  const specs = cases.flatMap(({ bsl, clean }) =>
    seeds.map((seed) => specOf(bsl, { ...bsl.options, tau1: clean.options.tau1 }, seed)),
  );
  const records = inGroups(await lab.runAll('Positive noise: τ1 of the least noise at the most', specs), seeds.length);
  return cases.map(({ name, bsl, clean }, index) => {
    const [before, after] = [Number(clean.options.tau1), Number(bsl.options.tau1)];
    const others = validations({ records: records[index]! });
    const matters = signOf(validations(bsl).map((value, seed) => value - others[seed]!)) === 'held';
    const verdict = !matters || after === before ? 'unclear' : after < before ? 'held' : 'not held';
    const flat = matters || after === before ? '' : ', where the two validate alike';
    return { verdict, text: `${name}: best τ1 ${before} with the least noise, ${after} with the most${flat}` };
  });
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
    const specs = settings.seeds.map((seed) => {
      const spec = specOf(one, options, seed);
      return { ...spec, config: mergeConfigs(spec.config, pairRows) };
    });
    return { one, options, specs };
  });
  const all = await lab.runAll(
    'Positive noise: pair rows',
    pairs.flatMap(({ specs }) => specs),
  );
  const records = inGroups(all, settings.seeds.length);
  const observations: Observation[] = [];
  for (let p = 0; p < pairs.length; p += 2) {
    const [sl, bsl] = [records[p]!, records[p + 1]!];
    const gains = bsl.map((record, seed) => metricOf(record, settings) / metricOf(sl[seed]!, settings) - 1);
    observations.push({
      verdict: liesBetween(gains, -0.01, 0.01),
      text: `${pairs[p]!.one.spec.data.name}: ${percentText(meanOf(bsl, settings) / meanOf(sl, settings) - 1)} in pair rows, ${percentText(meanOf(pairs[p + 1]!.one.records, settings) / meanOf(pairs[p]!.one.records, settings) - 1)} in user rows`,
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
        caption: `Test ${settings.metric} (${settings.protocol}) in pair rows (${pairRows.batch.negatives} negatives, ${pairRows.epochs} epochs) compared with user rows, at the highest noise.`,
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
          cellOf(records[index]!, settings),
          cellOf(one.records, settings),
        ]),
      },
    ],
  };
  return { observations, section };
}
