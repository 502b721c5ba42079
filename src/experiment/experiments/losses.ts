// The experiment `losses`, and the comparison of losses that the shift experiments share with it.
import { type Figure, type Section, slug, type Table } from '../../report/report.ts';
import { type Case, type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import {
  bestByValidation,
  cellOf,
  claimOf,
  compareWithBest,
  moreThan,
  notLessThan,
  type Observation,
  optionsText,
  triedTables,
} from '../findings.ts';
import type { Choice } from '../run.ts';
import { baseSpec, type ExperimentConfig, type ExperimentSettings } from '../settings.ts';
import { mean } from '../statistics.ts';

/** All losses, each with the option values that validation chooses from. */
export const allLosses: ExperimentConfig['losses'] = [
  { name: 'bpr', config: { decoupledWeightDecay: [0.3, 1], embeddingDropout: 0.2 } },
  { name: 'bce', config: { decoupledWeightDecay: [0.3, 1] } },
  { name: 'gbce', config: { decoupledWeightDecay: [0.3, 1] } },
  { name: 'mse', config: { decoupledWeightDecay: [0.3, 1] } },
  { name: 'ccl', negativeWeight: [1, 5, 20] },
  { name: 'llpauc' },
  { name: 'sogclr', tau: [0.1, 0.15, 0.2, 0.3] },
  { name: 'advinfonce', tau: [0.1, 0.15, 0.2, 0.3] },
  { name: 'sl', tau: [0.1, 0.15, 0.2, 0.3] },
  { name: 'bsl', tau: [0.1, 0.15, 0.2, 0.3], tau1: [0.5, 1, 2, 4] },
  { name: 'dsl', tau: [0.1, 0.15, 0.2, 0.3] },
  { name: 'psl', tau: [0.075, 0.11, 0.15, 0.2] },
  { name: 'slatk', tau: [0.1, 0.15, 0.2, 0.3], tauWeight: [3, 5] },
];

/** Compares all losses on every data set and backbone. It has no axis. */
export const losses: Experiment = {
  name: 'losses',
  title: 'All losses',
  summary:
    'Every loss on every backbone and data set. Options are chosen on validation data; the test set is used once. Each loss is compared with the best of the others, paired over users.',
  source:
    'Table 2 of Wu et al., ICDE 2024 (BSL), and the tables of Yang et al., NeurIPS 2024 (PSL) and KDD 2025 (SL@K)',
  defaults: {
    data: ['movielens-100k', 'amazon2014-health'],
    losses: allLosses,
    backbones: ['mf', { name: 'lightgcn', layers: 2, config: { batch: { rows: 256 }, epochs: 40 } }],
  },
  run: (lab, settings) => compareLosses('All losses', 'validation', lab, settings),
};

/** A claim that the first of two losses is more accurate than the second. */
export interface PairClaim {
  readonly claim: string;
  /** Labels of the two losses. */
  readonly pair: readonly [more: string, less: string];
}

/** Chooses options, runs all losses and compares them. Every claim is about `settings.metric` on the test set. @param pairs Further claims. */
export async function compareLosses(
  title: string,
  choice: Choice,
  lab: Lab,
  settings: ExperimentSettings,
  pairs: readonly PairClaim[] = [],
): Promise<Findings> {
  const cases = await chooseOptions(lab, title, casesOf(choice, settings), settings.seeds);
  return {
    claims: [
      claimOf(
        'The best softmax loss is more accurate than the best pairwise or pointwise loss.',
        eachGroup(cases, settings, bestOf),
      ),
      claimOf(
        'BSL is at least as accurate as SL, to within 1%.',
        eachGroup(cases, settings, pairOf('bsl', 'sl'), notLessThan),
      ),
      claimOf('DSL is more accurate than SL.', eachGroup(cases, settings, pairOf('dsl', 'sl'))),
      ...pairs.map(({ claim, pair }) => claimOf(claim, eachGroup(cases, settings, pairOf(...pair)))),
    ],
    sections: groupsOf(cases, settings).flatMap(({ name, group }) => section(name, group, lab, settings)),
  };
}

/** One case per data set, backbone and loss, in that order of nesting. */
function casesOf(choice: Choice, settings: ExperimentSettings): Case[] {
  const { data, backbones, losses } = settings;
  return data.flatMap((source) =>
    backbones.flatMap((backbone) =>
      losses.map((loss) => ({
        loss,
        spec: { ...baseSpec(settings, source, choice, backbone), perUser: true },
      })),
    ),
  );
}

/** All losses on one data set and backbone. */
interface Group {
  readonly name: string;
  readonly group: readonly ChosenCase[];
}

/** The cases by data set and backbone. `chooseOptions` keeps the order of `casesOf`, so each group is a slice. */
function groupsOf(cases: readonly ChosenCase[], { data, backbones, losses }: ExperimentSettings): Group[] {
  return data.flatMap((source, d) =>
    backbones.map((backbone, b) => {
      const start = (d * backbones.length + b) * losses.length;
      return { name: `${source.name}, ${backbone.label}`, group: cases.slice(start, start + losses.length) };
    }),
  );
}

/** Softmax losses, and pairwise and pointwise losses, of the first claim. */
const softmax = new Set(['sl', 'bsl', 'dsl', 'psl', 'slatk', 'sogclr', 'advinfonce']);
const plain = new Set(['bpr', 'bce', 'gbce', 'mse', 'ccl', 'llpauc']);

/** Picks the two cases of a group to compare; undefined if one of them is missing. */
type Chooser = (group: readonly ChosenCase[]) => readonly [ChosenCase, ChosenCase] | undefined;

/** The best softmax loss and the best plain loss, by validation. */
const bestOf: Chooser = (group) => {
  const [a, b] = [softmax, plain].map((names) =>
    bestByValidation(group.filter(({ loss: { source } }) => names.has('name' in source ? source.name : ''))),
  );
  return a && b && [a, b];
};

/** The losses with these two labels. */
function pairOf(a: string, b: string): Chooser {
  return (group) => {
    const [first, second] = [a, b].map((label) => group.find(({ loss }) => loss.label === label));
    return first && second && [first, second];
  };
}

/** One observation per group that has both cases. */
function eachGroup(
  cases: readonly ChosenCase[],
  settings: ExperimentSettings,
  choose: Chooser,
  compare = moreThan,
): Observation[] {
  return groupsOf(cases, settings).flatMap(({ name, group }) => {
    const pair = choose(group);
    if (!pair) return [];
    const [a, b] = pair;
    return [compare(name, [a.loss.label, a.records], [b.loss.label, b.records], settings)];
  });
}

/** Figure and tables for the losses on one data set and backbone. */
function section(name: string, group: readonly ChosenCase[], lab: Lab, settings: ExperimentSettings): Section {
  const { metric, metrics, protocol } = settings;
  const id = slug(`losses ${name}`);
  const figure: Figure = {
    name: id,
    caption: `Test ${metric} (${protocol}) on ${name}; whiskers show one standard deviation over seeds.`,
    kind: 'bars',
    x: { label: 'loss', scale: 'band' },
    y: { label: metric },
    panels: [
      {
        title: name,
        series: [
          {
            name: metric,
            points: group.map(({ loss, records }) => {
              const { mean: y, deviation } = cellOf(records, settings);
              return { x: loss.label, y, deviation };
            }),
          },
        ],
      },
    ],
  };
  const comparisons = compareWithBest(group, lab, settings);
  const table: Table = {
    name: id,
    caption: `Test metrics (${protocol}) on ${name}, mean ± deviation over ${settings.seeds.length} seeds. Options chosen on validation data. Each loss is compared with the best of the others by validation, paired over users: 95% bootstrap interval, p with Holm’s correction.`,
    columns: [
      { name: 'loss', show: 'text' },
      { name: 'options', show: 'text' },
      ...metrics.map((one) => ({ name: one })),
      { name: 'epoch', show: 'count' },
      { name: 'against', show: 'text' },
      { name: 'difference' },
      { name: 'low' },
      { name: 'high' },
      { name: 'p' },
    ],
    rows: group.map((one, index) => [
      one.loss.label,
      optionsText(one.options),
      ...metrics.map((each) => cellOf(one.records, settings, each)),
      mean(one.records.map(({ chosen }) => chosen.epoch)),
      ...(comparisons[index] ?? [null, null, null, null, null]),
    ]),
  };
  const tried = triedTables(`${id}-options-tried`, group, settings.seeds[0]!);
  return { title: name, figures: [figure], tables: [table, ...tried] };
}
