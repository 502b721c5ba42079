// The experiment `losses`, and the comparison of losses that the shift experiments share with it.
import { type DataFacts, type Figure, type Section, slug, type Table } from '../../report/report.ts';
import { type Case, type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import {
  bestByValidation,
  cellOf,
  claimOf,
  compareWith,
  edgeNote,
  meanOf,
  moreThan,
  notLessThan,
  type Observation,
  optionsText,
  optionText,
  seedsText,
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
  { name: 'talos', tau: [0.06, 0.09, 0.13, 0.18] },
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
  run: (lab, settings) => compareLosses('All losses', lab, settings, { choice: 'validation' }),
};

/** A claim that the first of two losses is more accurate than the second. */
export interface PairClaim {
  readonly claim: string;
  /** Labels of the two losses. */
  readonly pair: readonly [more: string, less: string];
}

/** What an experiment adds to the comparison of losses. */
interface Comparison {
  /** How the options are chosen. */
  readonly choice: Choice;
  /** Further claims. */
  readonly pairs?: readonly PairClaim[];
  /** Why a data set shows nothing about the claims; undefined if it does. */
  readonly unfit?: (data: DataFacts) => string | undefined;
}

/** Chooses options, runs all losses and compares them. Every claim is about `settings.metric` on the test set. */
export async function compareLosses(
  title: string,
  lab: Lab,
  settings: ExperimentSettings,
  { choice, pairs = [], unfit = () => undefined }: Comparison,
): Promise<Findings> {
  const cases = await chooseOptions(lab, title, casesOf(choice, settings), settings.seeds);
  const reasonOf = ({ group }: Group) => unfit(group[0]!.records[0]!.data);
  const eachGroup = (choose: Chooser, compare = moreThan) =>
    groupsOf(cases, settings).flatMap((one): Observation[] => {
      const pair = choose(one.group);
      if (!pair) return [];
      const [a, b] = pair.map((each) => [labelOf(each), each.records] as const) as [Side, Side];
      const found = compare(one.name, a, b, settings);
      const reason = reasonOf(one);
      return [reason === undefined ? found : { verdict: 'unclear', text: `${found.text}, but ${reason}` }];
    });
  return {
    claims: [
      claimOf('The best softmax loss is more accurate than the best pairwise or pointwise loss.', eachGroup(bestOf)),
      claimOf('BSL is at least as accurate as SL, to within 1%.', eachGroup(pairOf('bsl', 'sl'), notLessThan)),
      claimOf('DSL is more accurate than SL.', eachGroup(pairOf('dsl', 'sl'))),
      ...pairs.map(({ claim, pair }) => claimOf(claim, eachGroup(pairOf(...pair)))),
    ],
    sections: groupsOf(cases, settings).map((one) => {
      const reason = reasonOf(one);
      return section(one, lab, settings, reason === undefined ? [] : [`This data set decides no claim: ${reason}.`]);
    }),
  };
}

/** A side of a comparison: its name, and its runs. */
type Side = Parameters<typeof moreThan>[1];

/** The label of a loss, with a mark if an option was best at the edge of its grid. */
function labelOf({ loss: { label }, edges }: ChosenCase): string {
  return edges.length === 0 ? label : `${label} (${edges.map(optionText).join(', ')} at the edge)`;
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
const softmax = new Set(['sl', 'bsl', 'dsl', 'psl', 'slatk', 'talos', 'sogclr', 'advinfonce']);
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

/** Figure and tables for the losses on one data set and backbone. */
function section({ name, group }: Group, lab: Lab, settings: ExperimentSettings, text: readonly string[]): Section {
  const { metric, metrics, protocol, seeds } = settings;
  const id = slug(`losses ${name}`);
  const best = bestByValidation(group)!;
  const against = compareWith(best, group, lab, settings);
  const others = group
    .map((one, index) => ({ one, ...against[index] }))
    .filter(({ difference }) => difference !== undefined);
  const figure: Figure = {
    name: id,
    caption: `Test ${metric} (${protocol}) on ${name}, relative to ${best.loss.label}, the best by validation; lines are 95% intervals over users.`,
    kind: 'intervals',
    x: { label: 'loss' },
    y: { label: `difference in ${metric}, %` },
    panels: [
      {
        title: '',
        reference: { name: best.loss.label, y: 0 },
        series: [
          {
            name: 'difference',
            points: others.map(({ one, difference, low, high }) => ({
              x: one.loss.label,
              y: 100 * difference!,
              low: 100 * low!,
              high: 100 * high!,
            })),
          },
        ],
      },
    ],
  };
  const comparison: Table = {
    name: `${id}-differences`,
    caption: `Test ${metric} (${protocol}), and the difference from ${best.loss.label}, the best by validation, as a fraction of it: paired over users, each user’s number averaged over seeds; 95% bootstrap interval, p with Holm’s correction.`,
    columns: [
      { name: 'loss', show: 'text' },
      { name: metric },
      { name: 'difference', show: 'percent' },
      { name: 'low', show: 'percent' },
      { name: 'high', show: 'percent' },
      { name: 'p' },
    ],
    rows: group.map((one, index) => {
      const { difference = null, low = null, high = null, p = null } = against[index] ?? {};
      return [one.loss.label, meanOf(one.records, settings), difference, low, high, p];
    }),
  };
  const table: Table = {
    name: id,
    caption: `Test metrics (${protocol}) on ${name}, ${seedsText(seeds)}. Options chosen on validation data.${edgeNote(group)}`,
    columns: [
      { name: 'loss', show: 'text' },
      { name: 'options', show: 'text' },
      ...metrics.map((one) => ({ name: one })),
      { name: 'epoch', show: 'count' },
    ],
    rows: group.map((one) => [
      one.loss.label,
      optionsText(one.options, one.edges),
      ...metrics.map((each) => cellOf(one.records, settings, each)),
      mean(one.records.map(({ chosen }) => chosen.epoch)),
    ]),
  };
  const tried = triedTables(`${id}-options-tried`, group, seeds[0]!);
  const compared = others.length > 0;
  return {
    title: name,
    text,
    figures: compared ? [figure] : [],
    tables: [...(compared ? [comparison] : []), table, ...tried],
  };
}
