import { loadLoss } from '../../loss/load-loss.ts';
import { withoutAutomatic } from '../../loss/losses.ts';
import { type Section, slug } from '../../report/report.ts';
import { type ChosenCase, chooseOptions, inGroups } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import {
  bestByValidation,
  cellOf,
  checkGroupMetric,
  claimOf,
  groupFigure,
  lowerHalf,
  meanOf,
  metricOf,
  metricText,
  type Observation,
  seedsText,
  signOf,
  validated,
  validations,
} from '../findings.ts';
import { publishedSeries } from '../published-curves.ts';
import { choiceFor, isShifted } from '../run.ts';
import { baseSpec, type ExperimentSettings, type LossCase, withOptions } from '../settings.ts';
import { mean, meanCell } from '../statistics.ts';

/** Measures accuracy and exposure against λ, the weight of the negative side. Its axis is λ. */
export const popularityDial: Experiment = {
  name: 'popularity-dial',
  title: 'λ, a popularity dial',
  summary:
    'λ is the weight of the negative side of a softmax loss. Negatives push all items down, and positives push popular items back up, because these have many of them. So λ > 1 moves lists towards popular items, and λ < 1 towards the long tail. The experiment uses ordinary test sets and test sets drawn uniformly over items.',
  source: 'The exponent t2 in the program of the BSL authors; measurements of this project',
  defaults: {
    data: [
      'amazon2014-health',
      'amazon2014-electronic',
      'amazon2014-electronic-popularity',
      'amazon2014-cd-popularity',
    ],
    losses: [{ name: 'sl', tau: [0.1, 0.15, 0.2, 0.25] }],
    levels: [0.6, 0.8, 0.9, 1, 1.1, 1.25, 1.4],
    metrics: ['ndcg@20', 'recall@20', 'coverage@20', 'gini@20', 'popularity@20'],
  },
  async run(lab: Lab, settings: ExperimentSettings): Promise<Findings> {
    checkGroupMetric(settings);
    const { data, levels, seeds } = settings;
    const losses = settings.losses.map(undialled);
    // A loss without λ fails here, before any training.
    for (const loss of losses) await loadLoss(withoutAutomatic(dialled(loss, 1).source));
    const base = await chooseOptions(
      lab,
      'Popularity dial: τ at λ = 1',
      data.flatMap((source) =>
        losses.map((loss) => ({ loss, spec: baseSpec(settings, source, choiceFor(source.name)) })),
      ),
      seeds.slice(0, 1),
    );
    // τ stays as chosen at λ = 1, so that only λ differs along the axis.
    const wanted = base.flatMap(({ loss, options, spec }) =>
      levels.map((lambda) => ({ lambda, spec, loss: dialled(withOptions(loss, options), lambda) })),
    );
    const runs = await chooseOptions(lab, 'Popularity dial', wanted, seeds);
    const cases: Dialled[] = runs.map((one, index) => ({ ...one, lambda: wanted[index]!.lambda }));
    const groups = inGroups(cases, levels.length);
    const shifted = ({ spec }: Dialled) => isShifted(spec.data.name);
    return {
      claims: [
        claimOf(
          'The larger λ, the smaller the part of the catalogue in the lists (coverage falls from the smallest λ to the largest).',
          groups.map((group) => moves(group, settings, 'coverage', -1)),
        ),
        claimOf(
          'The larger λ, the more popular the items in the lists.',
          groups.map((group) => moves(group, settings, 'popularity', 1)),
        ),
        claimOf(
          'On ordinary test sets the best λ by validation is above 1.',
          groups.filter(([one]) => !shifted(one!)).map((group) => bestIs(group, settings, 'above')),
        ),
        claimOf(
          'On test sets drawn uniformly over the catalogue the best λ by validation is below 1.',
          groups.filter(([one]) => shifted(one!)).map((group) => bestIs(group, settings, 'below')),
        ),
      ],
      sections: [overview(groups, settings), ...groups.map((group) => section(group, settings))],
    };
  },
};

/** The loss with this λ; undefined: its default. */
function dialled(loss: LossCase, lambda: number | undefined): LossCase {
  return withOptions(loss, { negativeWeight: lambda });
}

/** The loss at its default λ of 1, which is no longer a candidate. */
function undialled(loss: LossCase): LossCase {
  return dialled(loss, undefined);
}

/** Whether an exposure metric rises (sign 1) or falls (sign −1) from the smallest λ to the largest, paired by seed. */
function moves(group: readonly Dialled[], settings: ExperimentSettings, name: Exposure, sign: 1 | -1): Observation {
  const metric = exposureMetric(name, settings);
  const [first, last] = [group[0]!, group.at(-1)!];
  const [before, after] = [first, last].map(({ records }) => records.map((one) => metricOf(one, settings, metric)));
  const show = (values: readonly number[]) =>
    name === 'coverage' ? metricText(mean(values)) : mean(values).toFixed(0);
  return {
    verdict: signOf(after!.map((value, seed) => sign * (value - before![seed]!))),
    text: `${titleOf(group)}: ${metric} ${show(before!)} at λ ${first.lambda}, ${show(after!)} at λ ${last.lambda}`,
  };
}

/** Exposure metrics of the claims. */
type Exposure = 'coverage' | 'popularity';

/** The exposure metric at the cut-off of `settings.metric`, for which every run has it. */
function exposureMetric(name: Exposure, { metric }: ExperimentSettings): string {
  return `${name}@${metric.split('@')[1]}`;
}

/** Whether the best λ by validation lies on one side of 1: compares the best on that side with the best of the rest, paired by seed. λ = 1 belongs to the rest. */
function bestIs(group: readonly Dialled[], settings: ExperimentSettings, side: 'above' | 'below'): Observation {
  const beyond = ({ lambda }: Dialled) => (side === 'above' ? lambda > 1 : lambda < 1);
  const [inside, outside] = [group.filter(beyond), group.filter((one) => !beyond(one))];
  if (inside.length === 0 || outside.length === 0) {
    return { verdict: 'unclear', text: `${titleOf(group)}: no λ ${inside.length === 0 ? side : `not ${side}`} 1` };
  }
  const [a, b] = [bestByValidation(inside)!, bestByValidation(outside)!];
  const told = (one: Dialled) =>
    `λ ${one.lambda}: validation ${metricText(validated(one))} (test ${settings.metric} ${metricText(meanOf(one.records, settings))})`;
  const ofB = validations(b);
  return {
    verdict: signOf(validations(a).map((value, seed) => value - ofB[seed]!)),
    text: `${titleOf(group)}: ${told(a)}, ${told(b)}`,
  };
}

/** A loss on a data set at one λ. */
interface Dialled extends ChosenCase {
  readonly lambda: number;
}

/** Data set and loss of a group. */
export function titleOf([one]: readonly Dialled[]): string {
  return `${one!.spec.data.name}, ${one!.loss.label}`;
}

/** Figures of accuracy and exposure against λ, one panel per data set and loss. */
export function overview(groups: readonly Dialled[][], settings: ExperimentSettings): Section {
  const figure = (name: string, metric: string) => ({
    name,
    caption: `Test ${metric} (${settings.protocol}) against λ; the ring marks the best λ by validation.`,
    kind: 'lines' as const,
    x: { label: 'λ' },
    y: { label: metric },
    ownScales: true,
    panels: groups.map((group) => {
      const best = bestByValidation(group);
      return {
        title: titleOf(group),
        series: [
          {
            name: group[0]!.loss.label,
            points: group.map((one) => {
              const { mean: y, deviation } = cellOf(one.records, settings, metric);
              return { x: one.lambda, y, deviation, chosen: one === best };
            }),
          },
          ...publishedDial(group, { ...settings, metric }),
        ],
      };
    }),
  });
  const exposure = settings.metrics.filter((metric) => /^(coverage|gini|popularity)@/.test(metric));
  const names = [settings.metric, ...exposure];
  return {
    title: 'Accuracy and exposure against λ',
    figures: names.map((metric) => figure(`lambda-${metric.split('@')[0]}`, metric)),
  };
}

/** The published curve against λ of the loss of a group, if there is one. */
function publishedDial([one, ...others]: readonly Dialled[], judged: Parameters<typeof publishedSeries>[3]) {
  const lambdas = [one!, ...others].map(({ lambda }) => lambda);
  return publishedSeries('lambda', one!.spec.data.name, [one!.loss.label], judged, lambdas);
}

/** Contributions of popularity groups, and all numbers, for one data set and loss. */
export function section(group: readonly Dialled[], settings: ExperimentSettings): Section {
  const name = titleOf(group);
  const { metrics, protocol, seeds } = settings;
  return {
    title: name,
    figures: [
      groupFigure(
        slug(`groups ${name}`),
        `Contributions of ten popularity groups to test ${settings.metric} (${protocol}) on ${name}, by λ.`,
        settings,
        group.map(({ lambda, records }) => ({ name: `λ ${lambda}`, records })),
      ),
    ],
    tables: [
      {
        name: slug(`lambda ${name}`),
        caption: `Test metrics on ${name} (${protocol}), ${seedsText(seeds)}.`,
        columns: [
          { name: 'λ', show: 'number' },
          { name: 'validation' },
          ...metrics.map((one) => ({
            name: one,
            show: one.startsWith('popularity') ? ('number' as const) : ('metric' as const),
          })),
          { name: 'share of groups 1 – 5', show: 'percent' },
        ],
        rows: group.map(({ lambda, records }) => [
          lambda,
          meanCell(validations({ records })),
          ...metrics.map((one) => cellOf(records, settings, one)),
          meanCell(records.map((record) => lowerHalf(record, settings))),
        ]),
      },
    ],
  };
}
