import { type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import type { Figure, Section } from '../report.ts';
import type { RunRecord } from '../run.ts';
import type { ExperimentSettings } from '../settings.ts';
import { slug } from '../slug.ts';
import { meanCell } from '../statistics.ts';
import { cellOf, metricText, optionsText } from '../summaries.ts';
import { claimOf, type Observation, signOf } from '../verdicts.ts';
import { allLosses } from './losses.ts';
import { backboneConfig } from './noise.ts';

const compared = ['bpr', 'bce', 'mse', 'sl', 'bsl', 'dsl'];

export const fairness: Experiment = {
  name: 'fairness',
  title: 'Fairness to items',
  summary:
    'Items in ten groups of equal interaction count, by popularity: what each group’s hits contribute to the metric, how evenly (the spread is the deviation of the contributions over their mean), and how evenly lists show the catalogue (Gini, coverage). The softmax loss penalises the variance of the scores of negatives, which is where the claim comes from.',
  source: 'Wu et al., ICDE 2024 (BSL), insight 2 and its fairness experiment',
  defaults: {
    data: ['movielens-100k', 'amazon2014-health'],
    losses: (allLosses ?? []).filter((one) => typeof one === 'object' && compared.includes(one.name ?? '')),
    metrics: ['ndcg@20', 'recall@20', 'coverage@20', 'gini@20', 'popularity@20', 'novelty@20'],
  },
  async run(lab: Lab, settings: ExperimentSettings): Promise<Findings> {
    const { data, losses, seeds } = settings;
    const cases = await chooseOptions(
      lab,
      'Fairness',
      data.flatMap((source) =>
        losses.map((loss) => ({
          loss,
          spec: { data: source, choice: 'validation' as const, config: backboneConfig(settings) },
        })),
      ),
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

/** The spread of the groups' contributions to the metric of the settings (recall or NDCG). */
export function spreadOf(record: RunRecord, { protocol, metric }: ExperimentSettings): number {
  const { spread } = record.evaluations[protocol].groups;
  return spread[metric] ?? spread['ndcg@20'] ?? Number.NaN;
}

function fairer(where: string, a: ChosenCase, b: ChosenCase, settings: ExperimentSettings): Observation {
  const [ofA, ofB] = [a, b].map(({ records }) => records.map((record) => spreadOf(record, settings)));
  const text = `${where}: spread ${a.loss.label} ${meanCell(ofA!).mean.toFixed(2)}, ${b.loss.label} ${meanCell(ofB!).mean.toFixed(2)} (at ${settings.metric} ${metricText(cellOf(a.records, settings).mean)} and ${metricText(cellOf(b.records, settings).mean)})`;
  return { verdict: signOf(ofB!.map((spread, seed) => spread - ofA![seed]!)), text };
}

/** Contributions of the ten groups, one series a case. */
export function groupFigure(
  name: string,
  caption: string,
  settings: ExperimentSettings,
  series: readonly { readonly name: string; readonly records: readonly RunRecord[] }[],
): Figure {
  const { protocol, metric } = settings;
  const metricName = (record: RunRecord) => {
    const { contributions } = record.evaluations[protocol].groups;
    return contributions[metric] ?? contributions['ndcg@20']!;
  };
  return {
    name,
    caption,
    kind: 'lines',
    x: { label: 'popularity group, 1 the least popular', scale: 'band' },
    y: { label: `contribution to ${metric}` },
    panels: [
      {
        title: '',
        series: series.map((one) => ({
          name: one.name,
          points: metricName(one.records[0]!).map((_, group) => {
            const { mean: y, deviation } = meanCell(one.records.map((record) => metricName(record)[group]!));
            return { x: String(group + 1), y, deviation };
          }),
        })),
      },
    ],
  };
}

function section(name: string, cases: readonly ChosenCase[], settings: ExperimentSettings): Section {
  const { metric, metrics, protocol, seeds } = settings;
  const figure = groupFigure(
    slug(`groups ${name}`),
    `What each tenth of the interactions contributes to test ${metric} (${protocol}) on ${name}; a fair model has a level line.`,
    settings,
    cases.map(({ loss, records }) => ({ name: loss.label, records })),
  );
  return {
    title: name,
    figures: [figure],
    tables: [
      {
        name: slug(`fairness ${name}`),
        caption: `Test set of ${name} (${protocol}), mean ± deviation over ${seeds.length} seeds; groups 1 – 5 are the less popular half of the interactions.`,
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
    ],
  };
}

/** The part of the metric that the less popular five groups contribute. */
export function lowerHalf(record: RunRecord, { protocol, metric }: ExperimentSettings): number {
  const { contributions } = record.evaluations[protocol].groups;
  const parts = contributions[metric] ?? contributions['ndcg@20']!;
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  return sum(parts.slice(0, parts.length / 2)) / sum(parts);
}
