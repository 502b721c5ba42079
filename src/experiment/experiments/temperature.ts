import { replaceOptions } from '../../loss/losses.ts';
import { type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import type { Figure, Section } from '../report.ts';
import type { RunRecord } from '../run.ts';
import type { ScoreAnalysis } from '../score-analysis.ts';
import type { ExperimentSettings, LossCase } from '../settings.ts';
import { slug } from '../slug.ts';
import { meanCell } from '../statistics.ts';
import { cellOf, meanOf, metricText } from '../summaries.ts';
import { claimOf, type Observation } from '../verdicts.ts';
import { backboneConfig } from './noise.ts';

interface Tempered extends ChosenCase {
  readonly tau: number;
}

export const temperature: Experiment = {
  name: 'temperature',
  title: 'What the temperature does',
  summary:
    'The softmax loss is robust optimisation over distributions of the negatives: the worst-case weights are p ∝ exp(s/τ), and KL(p‖uniform) is the robust radius η that τ buys. To second order τ = sqrt(Var/(2η)). For every τ: accuracy, the variance of a user’s scores of negatives, the radius, the worst-case weights themselves, and the τ that the second order predicts from variance and radius.',
  source: 'Wu et al., ICDE 2024 (BSL), insights 1 and 2',
  defaults: {
    data: ['movielens-100k', 'amazon2014-health', 'amazon2014-electronic'],
    losses: ['sl'],
    levels: [0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8],
  },
  async run(lab: Lab, settings: ExperimentSettings): Promise<Findings> {
    const { data, losses, levels, seeds } = settings;
    const wanted = data.flatMap((source) =>
      losses.flatMap((loss) =>
        [...levels]
          .sort((a, b) => a - b)
          .map((tau) => ({
            tau,
            loss: at(loss, tau),
            spec: { data: source, choice: 'validation' as const, analyse: true, config: backboneConfig(settings) },
          })),
      ),
    );
    const runs = await chooseOptions(lab, 'Temperature', wanted, seeds);
    const cases: Tempered[] = runs.map((one, index) => ({ ...one, tau: wanted[index]!.tau }));
    const groups = data.flatMap((_, d) =>
      losses.map((__, l) => {
        const start = (d * losses.length + l) * levels.length;
        return cases.slice(start, start + levels.length);
      }),
    );
    return {
      claims: [
        claimOf(
          'The best τ lies inside the range: smaller and larger ones are worse on validation data.',
          groups.map(inside),
        ),
        claimOf(
          'The smaller τ, the larger the robust radius.',
          groups.map((group) => monotone(group, 'radius', -1)),
        ),
        claimOf(
          'The smaller τ, the smaller the variance of the scores of negatives.',
          groups.map((group) => monotone(group, 'negativeVariance', 1)),
        ),
        claimOf('At the best τ the second order, sqrt(Var/(2η)), is within a quarter of τ.', groups.map(predicts)),
        claimOf(
          'One radius serves all data sets: with the first data set’s radius at its best τ, the second order gives the best τ of each other within a quarter.',
          oneRadius(groups),
        ),
      ],
      sections: [overview(groups, settings), ...groups.map((group) => section(group, settings))],
    };
  },
};

function at(loss: LossCase, tau: number): LossCase {
  return { ...loss, source: replaceOptions(loss.source, { tau }) };
}

function validated({ records }: Tempered): number {
  return meanCell(records.map((record) => record.chosen.value!)).mean;
}

function bestOf(group: readonly Tempered[]): Tempered {
  return group.reduce((a, b) => (validated(b) > validated(a) ? b : a));
}

type Quantity =
  | 'negativeMean'
  | 'negativeVariance'
  | 'positiveMean'
  | 'positiveVariance'
  | 'effectiveShare'
  | 'radius'
  | 'predictedTau';

function analysed(records: readonly RunRecord[], quantity: Quantity) {
  return meanCell(records.map(({ analysis }) => (analysis as ScoreAnalysis)[quantity]));
}

function titleOf([one]: readonly Tempered[]): string {
  return `${one!.spec.data.name}, ${one!.loss.label}`;
}

function inside(group: readonly Tempered[]): Observation {
  const best = bestOf(group);
  const ends = [group[0], group.at(-1)];
  const text = `${titleOf(group)}: best τ ${best.tau} of ${group[0]!.tau} – ${group.at(-1)!.tau}`;
  return { verdict: ends.includes(best) ? 'failed' : 'held', text };
}

/** Whether a quantity moves one way from each τ to the next. */
function monotone(group: readonly Tempered[], quantity: Quantity, sign: 1 | -1): Observation {
  const values = group.map(({ records }) => analysed(records, quantity).mean);
  const held = values.every((value, i) => i === 0 || sign * (value - values[i - 1]!) >= 0);
  const [first, last] = [values[0]!, values.at(-1)!];
  return {
    verdict: held ? 'held' : 'failed',
    text: `${titleOf(group)}: ${first.toPrecision(2)} at τ ${group[0]!.tau}, ${last.toPrecision(2)} at τ ${group.at(-1)!.tau}${held ? '' : ', not at every step'}`,
  };
}

function predicts(group: readonly Tempered[]): Observation {
  const best = bestOf(group);
  const predicted = analysed(best.records, 'predictedTau').mean;
  return within(
    `${titleOf(group)}: predicted ${predicted.toPrecision(2)} at the best τ ${best.tau}`,
    predicted,
    best.tau,
  );
}

function within(text: string, predicted: number, tau: number): Observation {
  return { verdict: Math.abs(predicted / tau - 1) <= 0.25 ? 'held' : 'failed', text };
}

/** The first group's radius at its best τ, carried to the others: of their τ the one at which the second order gives itself back. */
function oneRadius([first, ...others]: readonly Tempered[][]): Observation[] {
  if (!first) return [];
  const radius = analysed(bestOf(first).records, 'radius').mean;
  return others.map((group) => {
    const best = bestOf(group);
    const off = (one: Tempered) => {
      const predicted = Math.sqrt(analysed(one.records, 'negativeVariance').mean / (2 * radius));
      return { predicted, distance: Math.abs(Math.log(predicted / one.tau)) };
    };
    const own = group.map(off).reduce((a, b) => (b.distance < a.distance ? b : a)).predicted;
    return within(
      `${titleOf(group)}: ${own.toPrecision(2)} from η ${radius.toPrecision(2)}, measured best ${best.tau}`,
      own,
      best.tau,
    );
  });
}

function overview(groups: readonly Tempered[][], settings: ExperimentSettings): Section {
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
      const best = bestOf(group);
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
        'The τ that the second order gives back from variance and radius, beside τ itself.',
        ({ records }) => analysed(records, 'predictedTau'),
        true,
      ),
    ],
  };
}

function section(group: readonly Tempered[], settings: ExperimentSettings): Section {
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
        caption: `By τ, mean ± deviation over ${settings.seeds.length} seeds; best by validation: τ ${bestOf(group).tau}, test ${settings.metric} ${metricText(meanOf(bestOf(group).records, settings))}.`,
        columns: [
          { name: 'τ', show: 'number' },
          { name: 'validation' },
          ...settings.metrics.map((name) => ({ name })),
          ...quantities.map((name) => ({ name, show: 'number' as const })),
        ],
        rows: group.map(({ tau, records }) => [
          tau,
          meanCell(records.map((record) => record.chosen.value!)),
          ...settings.metrics.map((name) => cellOf(records, settings, name)),
          ...quantities.map((name) => analysed(records, name)),
        ]),
      },
    ],
  };
}
