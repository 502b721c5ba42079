import type { Section } from '../../report/report.ts';
import { slug } from '../../report/slug.ts';
import { meanCell } from '../analysis/statistics.ts';
import type { ChosenCase } from '../choose-options.ts';
import { bestByValidation, validations } from '../findings/best-by-validation.ts';
import { groupFigure, lowerHalf } from '../findings/group-contributions.ts';
import { cellOf } from '../findings/summaries.ts';
import type { ExperimentSettings } from '../settings/settings.ts';

/** A loss on a data set at one λ. */
export interface Dialled extends ChosenCase {
  readonly lambda: number;
}

export function titleOf([one]: readonly Dialled[]): string {
  return `${one!.spec.data.name}, ${one!.loss.label}`;
}

/** Accuracy and exposure against λ, a panel for each data set and loss. */
export function overview(groups: readonly Dialled[][], settings: ExperimentSettings): Section {
  const figure = (name: string, metric: string) => ({
    name,
    caption: `Test ${metric} (${settings.protocol}) against λ; the ring is the λ that validates best.`,
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

/** Popularity groups and all numbers of one data set and loss. */
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
          meanCell(validations({ records })),
          ...metrics.map((one) => cellOf(records, settings, one)),
          meanCell(records.map((record) => lowerHalf(record, settings))),
        ]),
      },
    ],
  };
}
