import { type Section, slug } from '../../report/report.ts';
import { type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import {
  cellOf,
  checkGroupMetric,
  claimOf,
  groupFigure,
  lowerHalf,
  metricText,
  type Observation,
  optionsText,
  seedsText,
  signOf,
  spreadOf,
  triedTables,
} from '../findings.ts';
import { publishedSeries } from '../published-curves.ts';
import { baseSpec, type ExperimentSettings } from '../settings.ts';
import { meanCell } from '../statistics.ts';
import { allLosses } from './losses.ts';

/** Numbers of the popularity groups. */
const tenGroups = Array.from({ length: 10 }, (_, group) => group + 1);
/** Losses compared by default. */
const compared = ['bpr', 'bce', 'mse', 'sl', 'bsl', 'dsl'];

/** Compares how evenly losses serve popularity groups. It has no axis. */
export const fairness: Experiment = {
  name: 'fairness',
  title: 'Fairness to items',
  summary:
    'Items are sorted by popularity and divided into ten groups with equal numbers of interactions. The experiment measures what each group’s hits contribute to the metric, how even these contributions are (the spread is their deviation divided by their mean), and how evenly lists cover the catalogue (Gini, coverage). The claim rests on the softmax loss penalising the variance of the negatives’ scores.',
  source: 'Wu et al., ICDE 2024 (BSL), insight 2 and its fairness experiment',
  defaults: {
    data: ['movielens-100k', 'amazon2014-health'],
    losses: (allLosses ?? []).filter((one) => typeof one === 'object' && compared.includes(one.name ?? '')),
    metrics: ['ndcg@20', 'recall@20', 'coverage@20', 'gini@20', 'popularity@20', 'novelty@20'],
  },
  async run(lab: Lab, settings: ExperimentSettings): Promise<Findings> {
    checkGroupMetric(settings);
    const { data, losses, seeds } = settings;
    const cases = await chooseOptions(
      lab,
      'Fairness',
      data.flatMap((source) => losses.map((loss) => ({ loss, spec: baseSpec(settings, source, 'validation') }))),
      seeds,
    );
    const of = (name: string, label: string) =>
      cases.find((one) => one.spec.data.name === name && one.loss.label === label);
    const against = (other: string) =>
      data.flatMap(({ name }) => {
        const [sl, than] = [of(name, 'sl'), of(name, other)];
        return sl && than ? [fairer(name, sl, than, settings)] : [];
      });
    return {
      claims: ['bpr', 'bce', 'mse'].map((other) =>
        claimOf(
          `SL spreads its accuracy over popularity groups more evenly than ${other.toUpperCase()}.`,
          against(other),
          'BSL, popularity groups',
        ),
      ),
      sections: data.map(({ name }) =>
        section(
          name,
          cases.filter((one) => one.spec.data.name === name),
          settings,
        ),
      ),
    };
  },
};

/** Whether `a` has a smaller spread than `b`, paired by seed. */
function fairer(where: string, a: ChosenCase, b: ChosenCase, settings: ExperimentSettings): Observation {
  const [ofA, ofB] = [a, b].map(({ records }) => records.map((record) => spreadOf(record, settings)));
  const text = `${where}: spread ${a.loss.label} ${meanCell(ofA!).mean.toFixed(2)}, ${b.loss.label} ${meanCell(ofB!).mean.toFixed(2)} (at ${settings.metric} ${metricText(cellOf(a.records, settings).mean)} and ${metricText(cellOf(b.records, settings).mean)})`;
  return { verdict: signOf(ofB!.map((spread, seed) => spread - ofA![seed]!)), text };
}

/** Contributions of popularity groups, and all numbers, on one data set. */
function section(name: string, cases: readonly ChosenCase[], settings: ExperimentSettings): Section {
  const { metric, metrics, protocol, seeds } = settings;
  const figure = groupFigure(
    slug(`groups ${name}`),
    `Contribution of each tenth of the interactions to test ${metric} (${protocol}) on ${name}; the line of a fair model is flat.`,
    settings,
    cases.map(({ loss, records }) => ({ name: loss.label, records })),
    publishedSeries(
      'popularity-group',
      name,
      cases.map(({ loss }) => loss.label),
      settings,
      tenGroups,
      true,
    ),
  );
  return {
    title: name,
    figures: [figure],
    tables: [
      {
        name: slug(`fairness ${name}`),
        caption: `Test metrics on ${name} (${protocol}), ${seedsText(seeds)}; groups 1 – 5 are the less popular half of the interactions.`,
        columns: [
          { name: 'loss', show: 'text' },
          { name: 'options', show: 'text' },
          ...metrics.map((one) => ({
            name: one,
            show: one.startsWith('popularity') || one.startsWith('novelty') ? ('number' as const) : ('metric' as const),
          })),
          { name: 'spread', show: 'number' },
          { name: 'share of groups 1 – 5', show: 'percent' },
        ],
        rows: cases.map(({ loss, options, records }) => [
          loss.label,
          optionsText(options),
          ...metrics.map((one) => cellOf(records, settings, one)),
          meanCell(records.map((record) => spreadOf(record, settings))),
          meanCell(records.map((record) => lowerHalf(record, settings))),
        ]),
      },
      ...triedTables(slug(`options-tried ${name}`), cases, seeds[0]!),
    ],
  };
}
