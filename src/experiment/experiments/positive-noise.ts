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
} from '../findings.ts';
import { mergeConfigs } from '../run.ts';
import type { ExperimentSettings } from '../settings.ts';
import {
  bestMoves,
  casesOf,
  keepsMore,
  type LevelCase,
  type LevelDesign,
  levelExperiment,
  noisyLosses,
} from './level-experiment.ts';
import { separation } from './separate-lambda.ts';

/** Pair rows have one positive each, so τ1 has nothing to weigh. They have fewer negatives and epochs than in the papers, the same for both losses, to save time. */
const pairRows = {
  batch: { kind: 'pair', rows: 1024, negatives: 64, pool: 'uniform' },
  learningRate: 0.01,
  epochs: 3,
} as const;

/** What both experiments with positive noise share. */
const design = {
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
  published: 'positive-noise',
  at: (positive: number) => (positive === 0 ? {} : { noise: { positive } }),
  options: ['tau', 'tau1'],
} satisfies Omit<LevelDesign, 'conclude'>;

/** Verdicts on user rows. */
async function userRows(lab: Lab, settings: ExperimentSettings, cases: readonly LevelCase[]) {
  const most = Math.max(...settings.levels);
  const names = settings.data.map(({ name }) => name);
  const at = (data: string, loss: string, level: number) =>
    casesOf(cases, data, loss).find((one) => one.level === level);
  const both = names.flatMap((name) => {
    const [sl, bsl] = [at(name, 'sl', most), at(name, 'bsl', most)];
    return sl && bsl ? [{ name, sl, bsl }] : [];
  });
  const apart = separation(settings, cases);
  return {
    claims: [
      claimOf(
        `With ${Math.round(100 * most)}% random positives BSL is more accurate than SL, in user rows.`,
        both.map(({ name, sl, bsl }) => moreThan(name, ['bsl', bsl.records], ['sl', sl.records], settings)),
        'BSL, table IV',
      ),
      claimOf(
        `With ${Math.round(100 * most)}% random positives SL@K is more accurate than SL.`,
        names.flatMap((name) => {
          const [slatk, sl] = [at(name, 'slatk', most), at(name, 'sl', most)];
          return slatk && sl ? [moreThan(name, ['slatk', slatk.records], ['sl', sl.records], settings)] : [];
        }),
        'SL@K, figure 8',
      ),
      claimOf(
        'From the lowest to the highest noise, SL@K keeps a larger fraction of its accuracy than SL keeps of its own.',
        names.flatMap((name) => {
          const [slatk, sl] = [casesOf(cases, name, 'slatk'), casesOf(cases, name, 'sl')];
          return slatk.length > 0 && sl.length > 0 ? [keepsMore(name, slatk, sl, settings)] : [];
        }),
        'SL@K, figure 8',
      ),
      ...apart.claims,
      claimOf(
        'The noisier the positives, the smaller the best τ1.',
        await bestMoves(
          lab,
          settings,
          'tau1',
          -1,
          both.map(({ name }) => casesOf(cases, name, 'bsl')),
        ),
      ),
    ],
    sections: apart.sections,
  };
}

/** Verdicts on user rows and on pair rows: SL and BSL are trained again, at the highest noise. */
async function bothRows(lab: Lab, settings: ExperimentSettings, cases: readonly LevelCase[]) {
  const users = await userRows(lab, settings, cases);
  const most = Math.max(...settings.levels);
  const both = settings.data.flatMap(({ name }) => {
    const found = ['sl', 'bsl'].map((loss) => casesOf(cases, name, loss).find((one) => one.level === most));
    return found[0] && found[1] ? [found[0], found[1]] : [];
  });
  const pairs = await pairSection(lab, settings, both);
  const claim = 'Pair rows hide the effect: with one positive per row BSL equals SL at every τ1.';
  return {
    claims: [...users.claims, claimOf(claim, pairs.observations)],
    sections: [...users.sections, ...pairs.sections],
  };
}

/** Random items among the positives. Its axis is their number as a fraction of the true positives. */
export const positiveNoise: Experiment = levelExperiment({ ...design, conclude: bothRows });

/** The same without pair rows, whose trainings are far dearer. */
export const positiveNoiseInUserRows: Experiment = levelExperiment({ ...design, conclude: userRows });

/** The τ with which a case was trained, whether chosen or given. */
function trainedTau({ records }: LevelCase): unknown {
  return (records[0]!.config.loss as { options: Record<string, unknown> }).options.tau;
}

/** Trains the cases (SL and BSL in turn) with their options in pair rows, and compares BSL with SL there. */
async function pairSection(lab: Lab, settings: ExperimentSettings, cases: readonly LevelCase[]) {
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
  return { observations, sections: pairs.length > 0 ? [section] : [] };
}
