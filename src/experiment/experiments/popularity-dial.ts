import { replaceOptions } from '../../loss/losses.ts';
import { type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import type { Section } from '../report.ts';
import type { Choice, RunRecord } from '../run.ts';
import type { ExperimentSettings, LossCase } from '../settings.ts';
import { slug } from '../slug.ts';
import { meanCell } from '../statistics.ts';
import { cellOf, meanOf, metricText } from '../summaries.ts';
import { claimOf, type Observation } from '../verdicts.ts';
import { groupFigure, lowerHalf } from './fairness.ts';
import { backboneConfig } from './noise.ts';

interface Dialled extends ChosenCase {
  readonly lambda: number;
}

export const popularityDial: Experiment = {
  name: 'popularity-dial',
  title: 'λ, a popularity dial',
  summary:
    'λ weighs the negative side of a softmax loss. Every negative pushes items down; popular items are pushed back up by their many positives, and unpopular ones are not: λ > 1 moves lists towards popular items, λ < 1 towards the long tail. Shown on ordinary tests and on tests drawn uniformly over items.',
  source: 'The exponent t2 of the BSL authors’ program; this project’s measurements',
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
    const { data, losses, levels, seeds } = settings;
    const base = await chooseOptions(
      lab,
      'Popularity dial: τ at λ = 1',
      data.flatMap((source) =>
        losses.map((loss) => ({
          loss,
          spec: { data: source, choice: choiceFor(source.name), config: backboneConfig(settings) },
        })),
      ),
      seeds.slice(0, 1),
    );
    const wanted = base.flatMap((one) => levels.map((lambda) => ({ lambda, spec: one.spec, loss: dial(one, lambda) })));
    const runs = await chooseOptions(lab, 'Popularity dial', wanted, seeds);
    const cases: Dialled[] = runs.map((one, index) => ({ ...one, lambda: wanted[index]!.lambda }));
    const groups = base.map((_, index) => cases.slice(index * levels.length, (index + 1) * levels.length));
    const shifted = ({ spec }: Dialled) => isShifted(spec.data.name);
    return {
      claims: [
        claimOf(
          'The larger λ, the less of the catalogue is shown (coverage falls from the smallest to the largest).',
          groups.map((group) => moves(group, settings, 'coverage@20', -1)),
        ),
        claimOf(
          'The larger λ, the more popular the items that are shown.',
          groups.map((group) => moves(group, settings, 'popularity@20', 1)),
        ),
        claimOf(
          'On ordinary tests the λ that validates best is above 1.',
          groups.filter(([one]) => !shifted(one!)).map((group) => bestIs(group, settings, 'above')),
        ),
        claimOf(
          'Where test items are drawn uniformly over the catalogue, the λ that validates best is below 1.',
          groups.filter(([one]) => shifted(one!)).map((group) => bestIs(group, settings, 'below')),
        ),
      ],
      sections: [overview(groups, settings), ...groups.map((group) => section(group, settings))],
    };
  },
};

/** Public sets under popularity shift are named so; their validation part is held out as their test was. */
function isShifted(name: string): boolean {
  return name.endsWith('-popularity');
}

function choiceFor(name: string): Choice {
  return isShifted(name) ? 'debiased' : 'validation';
}

function dial({ loss, options }: ChosenCase, lambda: number): LossCase {
  return { ...loss, source: replaceOptions(loss.source, { ...options, negativeWeight: lambda }), candidates: {} };
}

function validated(records: readonly RunRecord[]): number {
  return meanCell(records.map((record) => record.chosen.value!)).mean;
}

function moves(group: readonly Dialled[], settings: ExperimentSettings, metric: string, sign: 1 | -1): Observation {
  const name = metric.startsWith('coverage') ? 'coverage' : 'mean popularity';
  const [first, last] = [group[0]!, group.at(-1)!].map(({ records }) => meanOf(records, settings, metric));
  const show = (x: number) => (metric.startsWith('coverage') ? metricText(x) : x.toFixed(0));
  const verdict = sign * (last! - first!) > 0 ? 'held' : 'failed';
  return {
    verdict,
    text: `${group[0]!.spec.data.name}: ${name} ${show(first!)} at λ ${group[0]!.lambda}, ${show(last!)} at λ ${group.at(-1)!.lambda}`,
  };
}

function bestIs(group: readonly Dialled[], settings: ExperimentSettings, side: 'above' | 'below'): Observation {
  const best = group.reduce((a, b) => (validated(b.records) > validated(a.records) ? b : a));
  const one = group.find(({ lambda }) => lambda === 1);
  const held = side === 'above' ? best.lambda > 1 : best.lambda < 1;
  const beside = one
    ? ` (test ${settings.metric} ${metricText(meanOf(best.records, settings))}, at λ 1 ${metricText(meanOf(one.records, settings))})`
    : '';
  return { verdict: held ? 'held' : 'failed', text: `${group[0]!.spec.data.name}: λ ${best.lambda}${beside}` };
}

function overview(groups: readonly Dialled[][], settings: ExperimentSettings): Section {
  const figure = (name: string, metric: string) => ({
    name,
    caption: `Test ${metric} (${settings.protocol}) against λ; the ring is the λ that validates best.`,
    kind: 'lines' as const,
    x: { label: 'λ' },
    y: { label: metric },
    ownScales: true,
    panels: groups.map((group) => {
      const most = Math.max(...group.map(({ records }) => validated(records)));
      return {
        title: group[0]!.spec.data.name,
        series: [
          {
            name: group[0]!.loss.label,
            points: group.map(({ lambda, records }) => {
              const { mean: y, deviation } = cellOf(records, settings, metric);
              return { x: lambda, y, deviation, chosen: validated(records) === most };
            }),
          },
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

function section(group: readonly Dialled[], settings: ExperimentSettings): Section {
  const { name } = group[0]!.spec.data;
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
        caption: `Test set of ${name} (${protocol}), mean ± deviation over ${seeds.length} seeds.`,
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
          meanCell(records.map((record) => record.chosen.value!)),
          ...metrics.map((one) => cellOf(records, settings, one)),
          meanCell(records.map((record) => lowerHalf(record, settings))),
        ]),
      },
    ],
  };
}
