import { type Figure, type MeanCell, type Section, slug, type Table } from '../../report/report.ts';
import { type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import {
  bestByValidation,
  cellOf,
  claimOf,
  everyOne,
  liesBetween,
  meanOf,
  metricText,
  type Observation,
  seedsText,
  signOf,
  validated,
  validations,
} from '../findings.ts';
import type { RunRecord } from '../run.ts';
import { predictTau, type ScoreAnalysis } from '../score-analysis.ts';
import { baseSpec, type ExperimentSettings, withOptions } from '../settings.ts';
import { mean, meanCell } from '../statistics.ts';

/** Measures accuracy, score variance and robust radius against τ. Its axis is τ. */
export const temperature: Experiment = {
  name: 'temperature',
  title: 'Effect of the temperature',
  summary:
    'The softmax loss is robust optimisation over distributions of the negatives: the worst-case weights are p ∝ exp(s/τ), and KL(p‖uniform) is the robust radius η that corresponds to τ. To second order τ = sqrt(Var/(2η)). For every τ the report shows accuracy, the variance of a user’s scores of negatives, the radius, the worst-case weights, and the τ that the second-order approximation predicts from variance and radius.',
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
        levels.map((tau) => ({
          tau,
          loss: withOptions(loss, { tau }),
          spec: { ...baseSpec(settings, source, 'validation'), analyse: true },
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
        claimOf('The best τ lies inside the range: both ends have worse validation values.', groups.map(inside)),
        claimOf(
          'The smaller τ, the larger the robust radius.',
          groups.map((group) => monotone(group, 'radius', -1)),
        ),
        claimOf(
          'The smaller τ, the smaller the variance of the negatives’ scores.',
          groups.map((group) => monotone(group, 'negativeVariance', 1)),
        ),
        claimOf(
          'At the best τ the second-order approximation sqrt(Var/(2η)) differs from τ by at most a quarter.',
          groups.map(predicts),
        ),
        claimOf(
          'One radius fits all data sets: from the first data set’s radius at its best τ, the second-order approximation predicts the best τ of every other data set to within a quarter.',
          oneRadius(groups),
        ),
      ],
      sections: [overview(groups, settings), ...groups.map((group) => section(group, settings))],
    };
  },
};

/** Whether the best τ lies inside the range: compares the best interior τ with each end, paired by seed. */
function inside(group: readonly Tempered[]): Observation {
  const ends = [group[0]!, group.at(-1)!];
  const best = bestByValidation(group.slice(1, -1));
  const range = `${ends[0]!.tau} – ${ends[1]!.tau}`;
  if (!best) return { verdict: 'unclear', text: `${titleOf(group)}: no τ inside ${range}` };
  const against = ends.map((end) => {
    const ofEnd = validations(end);
    return signOf(validations(best).map((value, seed) => value - ofEnd[seed]!));
  });
  const [first, last] = ends.map((end) => metricText(validated(end)));
  const text = `${titleOf(group)}: validation ${metricText(validated(best))} at τ ${best.tau}, ${first} and ${last} at the ends of ${range}`;
  return { verdict: everyOne(against), text };
}

/** Whether a quantity rises (sign 1) or falls (sign −1) from each τ to the next, paired by seed. */
function monotone(group: readonly Tempered[], quantity: Quantity, sign: 1 | -1): Observation {
  const values = group.map(({ records }) => records.map((record) => record.analysis![quantity]));
  const verdict = everyOne(
    values.slice(1).map((after, i) => signOf(after.map((value, seed) => sign * (value - values[i]![seed]!)))),
  );
  const [first, last] = [values[0]!, values.at(-1)!].map((seeds) => mean(seeds).toPrecision(2));
  return {
    verdict,
    text: `${titleOf(group)}: ${first} at τ ${group[0]!.tau}, ${last} at τ ${group.at(-1)!.tau}${verdict === 'held' ? '' : ', not at every step'}`,
  };
}

/** Whether the second-order prediction at the best τ is close to that τ. */
function predicts(group: readonly Tempered[]): Observation {
  const { tau, records } = bestByValidation(group)!;
  const predicted = records.map((record) => record.analysis!.predictedTau);
  return near(`${titleOf(group)}: predicted ${mean(predicted).toPrecision(2)} at the best τ ${tau}`, predicted, group);
}

/** Whether predictions, one per seed, differ from the best τ of a group by at most a quarter of it. `unclear` if validation does not tell the best τ: its curve is flat, or best at an end. */
function near(text: string, predicted: readonly number[], group: readonly Tempered[]): Observation {
  if (inside(group).verdict !== 'held') return { verdict: 'unclear', text: `${text}; which τ is best is unclear` };
  const { tau } = bestByValidation(group)!;
  const ratios = predicted.map((value) => value / tau);
  return { verdict: liesBetween(ratios, 0.75, 1.25), text };
}

/** For each loss, predicts the best τ of every other data set from the radius at the best τ of the first data set. */
function oneRadius(groups: readonly Tempered[][]): Observation[] {
  return groups.flatMap((group) => {
    const first = firstOfLoss(groups, group);
    if (group === first) return [];
    const { tau, records } = bestByValidation(group)!;
    const radii = bestByValidation(first)!.records.map((record) => record.analysis!.radius);
    const predicted = records.map((_, seed) => tauOfRadius(group, radii[seed]!, seed));
    const text = `${titleOf(group)}: ${mean(predicted).toPrecision(2)} from η ${mean(radii).toPrecision(2)}, measured best τ ${tau}`;
    return [near(text, predicted, group)];
  });
}

/** A loss on a data set at one τ. */
interface Tempered extends ChosenCase {
  readonly tau: number;
}

/** Fields of `ScoreAnalysis` that are reported against τ. */
type Quantity =
  | 'negativeMean'
  | 'negativeVariance'
  | 'positiveMean'
  | 'positiveVariance'
  | 'effectiveShare'
  | 'radius'
  | 'predictedTau';

/** Mean and deviation over seeds of one quantity of the score analysis. */
export function analysed(records: readonly RunRecord[], quantity: Quantity) {
  return meanCell(records.map(({ analysis }) => (analysis as ScoreAnalysis)[quantity]));
}

/** Data set and loss of a group. */
export function titleOf([one]: readonly Tempered[]): string {
  return `${one!.spec.data.name}, ${one!.loss.label}`;
}

/** The group of the same loss on the first data set. */
function firstOfLoss(groups: readonly Tempered[][], group: readonly Tempered[]): readonly Tempered[] {
  return groups.find(([one]) => one!.loss.label === group[0]!.loss.label)!;
}

/** The robust radius at the best τ by validation. */
function bestRadius(group: readonly Tempered[]): number {
  return analysed(bestByValidation(group)!.records, 'radius').mean;
}

/**
 * The τ that the second-order approximation gives for a radius. The variance depends on the τ of the model that supplies it, so the prediction is taken from
 * the model of the group whose own τ is nearest to its prediction (on a logarithmic scale).
 * @param seed Position of the seed whose models are taken. Default: the means over seeds
 */
function tauOfRadius(group: readonly Tempered[], radius: number, seed?: number): number {
  const found = group.map(({ tau, records }) => {
    const models = seed === undefined ? records : [records[seed]!];
    const predicted = predictTau({ negativeVariance: analysed(models, 'negativeVariance').mean }, radius);
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
    value: (one: Tempered) => MeanCell,
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
  const ring = 'The ring marks the best τ by validation.';
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
        'variance of negatives’ scores',
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
        'τ against the τ that the second-order approximation recovers from a model’s variance and radius. Where the two differ, the approximation no longer holds.',
        ({ records }) => analysed(records, 'predictedTau'),
        true,
      ),
    ],
    tables: [predictions(groups)],
  };
}

/** Table of the best τ by validation and the τ that the second-order approximation predicts from two radii. */
function predictions(groups: readonly Tempered[][]): Table {
  return {
    name: 'tau-predicted',
    caption:
      'The best τ by validation, and sqrt(Var/(2η)) with two radii: the radius of the same model, which shows how accurate the approximation is there, and the radius at the best τ of the first data set, which is a prediction.',
    columns: [
      { name: 'data, loss', show: 'text' },
      { name: 'best τ', show: 'number' },
      { name: 'radius at the best τ', show: 'number' },
      { name: 'second order at the best τ', show: 'number' },
      { name: 'predicted from the first radius', show: 'number' },
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

/** Worst-case weights, and all numbers, for one data set and loss. */
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
          'Worst-case weights of the negatives, n·p (1 is uniform), by quantile over users and items; mean over seeds.',
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
        caption: `All quantities by τ, ${seedsText(settings.seeds)}. Best τ by validation: ${bestByValidation(group)!.tau}, test ${settings.metric} ${metricText(meanOf(bestByValidation(group)!.records, settings))}.`,
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
