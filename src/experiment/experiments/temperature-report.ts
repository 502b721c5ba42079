import type { Figure, Section, Table } from '../../report/report.ts';
import { slug } from '../../report/slug.ts';
import { predictTau, type ScoreAnalysis } from '../analysis/score-analysis.ts';
import { meanCell } from '../analysis/statistics.ts';
import type { ChosenCase } from '../choose-options.ts';
import { bestByValidation, validations } from '../findings/best-by-validation.ts';
import { cellOf, meanOf, metricText } from '../findings/summaries.ts';
import type { RunRecord } from '../run/run.ts';
import type { ExperimentSettings } from '../settings/settings.ts';

/** A loss on a data set at one τ. */
export interface Tempered extends ChosenCase {
  readonly tau: number;
}

export type Quantity =
  | 'negativeMean'
  | 'negativeVariance'
  | 'positiveMean'
  | 'positiveVariance'
  | 'effectiveShare'
  | 'radius'
  | 'predictedTau';

/** A quantity of the analysed scores, over seeds. */
export function analysed(records: readonly RunRecord[], quantity: Quantity) {
  return meanCell(records.map(({ analysis }) => (analysis as ScoreAnalysis)[quantity]));
}

export function titleOf([one]: readonly Tempered[]): string {
  return `${one!.spec.data.name}, ${one!.loss.label}`;
}

/** The group of the same loss on the first data set. */
export function firstOfLoss(groups: readonly Tempered[][], group: readonly Tempered[]): readonly Tempered[] {
  return groups.find(([one]) => one!.loss.label === group[0]!.loss.label)!;
}

/** The robust radius at the τ that validates best. */
export function bestRadius(group: readonly Tempered[]): number {
  return analysed(bestByValidation(group)!.records, 'radius').mean;
}

/** The τ that the second order gives for a radius: of the group's models the one that gives its own τ back most nearly says the variance. */
export function tauOfRadius(group: readonly Tempered[], radius: number): number {
  const found = group.map(({ tau, records }) => {
    const predicted = predictTau({ negativeVariance: analysed(records, 'negativeVariance').mean }, radius);
    return { predicted, distance: Math.abs(Math.log(predicted / tau)) };
  });
  return found.reduce((a, b) => (b.distance < a.distance ? b : a)).predicted;
}

/** Accuracy, variance, radius, effective share and the second order against τ, a panel for each data set and loss. */
export function overview(groups: readonly Tempered[][], settings: ExperimentSettings): Section {
  const figure = (
    name: string,
    label: string,
    caption: string,
    value: (one: Tempered) => { mean: number; deviation: number },
    log: boolean,
  ): Figure => ({
    name,
    caption,
    kind: 'lines',
    x: { label: 'τ', scale: 'log' },
    y: { label, scale: log ? 'log' : 'linear' },
    ownScales: !log,
    panels: groups.map((group) => {
      const best = bestByValidation(group)!;
      return {
        title: titleOf(group),
        series: [
          {
            name: group[0]!.loss.label,
            points: group.map((one) => {
              const { mean: y, deviation } = value(one);
              return { x: one.tau, y, deviation, chosen: one === best };
            }),
          },
          ...(name === 'prediction'
            ? [{ name: 'τ itself', dashed: true, points: group.map(({ tau }) => ({ x: tau, y: tau })) }]
            : []),
        ],
      };
    }),
  });
  const ring = 'The ring is the τ that validates best.';
  return {
    title: 'Against τ',
    figures: [
      figure(
        'accuracy',
        settings.metric,
        `Test ${settings.metric} (${settings.protocol}). ${ring}`,
        ({ records }) => cellOf(records, settings),
        false,
      ),
      figure(
        'variance',
        'variance of scores of negatives',
        `Variance of a user’s scores of the items outside the training positives, mean over users. ${ring}`,
        ({ records }) => analysed(records, 'negativeVariance'),
        true,
      ),
      figure(
        'radius',
        'η',
        `Robust radius η = KL(p‖uniform). ${ring}`,
        ({ records }) => analysed(records, 'radius'),
        true,
      ),
      figure(
        'effective-share',
        'share of the negatives',
        `Effective sample size of the worst-case weights, as a share of the negatives. ${ring}`,
        ({ records }) => analysed(records, 'effectiveShare'),
        true,
      ),
      figure(
        'prediction',
        'sqrt(Var/(2η))',
        'The τ that the second order gives back from a model’s own variance and radius, beside τ itself: where they part, the second order no longer holds.',
        ({ records }) => analysed(records, 'predictedTau'),
        true,
      ),
    ],
    tables: [predictions(groups)],
  };
}

/** The τ that validates best, beside what the second order makes of radii. */
function predictions(groups: readonly Tempered[][]): Table {
  return {
    name: 'tau-predicted',
    caption:
      'The τ that validates best, and sqrt(Var/(2η)): with the radius of that very model, which says how well the second order holds there; and with the radius at the best τ of the first data set, which is a prediction.',
    columns: [
      { name: 'data, loss', show: 'text' },
      { name: 'best τ', show: 'number' },
      { name: 'radius at it', show: 'number' },
      { name: 'second order at it', show: 'number' },
      { name: 'from the first radius', show: 'number' },
    ],
    rows: groups.map((group) => {
      const best = bestByValidation(group)!;
      const first = firstOfLoss(groups, group);
      return [
        titleOf(group),
        best.tau,
        bestRadius(group),
        analysed(best.records, 'predictedTau').mean,
        group === first ? null : tauOfRadius(group, bestRadius(first)),
      ];
    }),
  };
}

/** The worst-case weights and all numbers of one data set and loss. */
export function section(group: readonly Tempered[], settings: ExperimentSettings): Section {
  const title = titleOf(group);
  const quantities: Quantity[] = [
    'negativeMean',
    'negativeVariance',
    'positiveMean',
    'positiveVariance',
    'radius',
    'effectiveShare',
    'predictedTau',
  ];
  return {
    title,
    figures: [
      {
        name: slug(`weights ${title}`),
        caption:
          'Worst-case weights of the negatives, n·p (1 is uniform), by quantile over users and items, seed by seed averaged.',
        kind: 'lines',
        x: { label: 'quantile of the negatives', scale: 'band' },
        y: { label: 'n·p', scale: 'log' },
        panels: [
          {
            title: '',
            series: group.map(({ tau, records }) => ({
              name: `τ ${tau}`,
              points: records[0]!.analysis!.weightQuantiles.map(({ quantile }, q) => ({
                x: String(quantile),
                y: meanCell(records.map((record) => record.analysis!.weightQuantiles[q]!.weight)).mean,
              })),
            })),
          },
        ],
      },
    ],
    tables: [
      {
        name: slug(`temperature ${title}`),
        caption: `By τ, mean ± deviation over ${settings.seeds.length} seeds; best by validation: τ ${bestByValidation(group)!.tau}, test ${settings.metric} ${metricText(meanOf(bestByValidation(group)!.records, settings))}.`,
        columns: [
          { name: 'τ', show: 'number' },
          { name: 'validation' },
          ...settings.metrics.map((name) => ({ name })),
          ...quantities.map((name) => ({ name, show: 'number' as const })),
        ],
        rows: group.map(({ tau, records }) => [
          tau,
          meanCell(validations({ records })),
          ...settings.metrics.map((name) => cellOf(records, settings, name)),
          ...quantities.map((name) => analysed(records, name)),
        ]),
      },
    ],
  };
}
