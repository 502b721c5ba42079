import { TaurecError } from '../../errors.ts';
import type { Figure } from '../../report/report.ts';
import { meanCell } from '../analysis/statistics.ts';
import type { RunRecord } from '../run/run.ts';
import type { ExperimentSettings } from '../settings/settings.ts';

type Judged = Pick<ExperimentSettings, 'metric' | 'protocol'>;

/** Refuses a metric that is no sum over hits: groups contribute to Recall and NDCG alone. @throws TaurecError `bad-option` */
export function checkGroupMetric({ metric }: Judged): void {
  if (/^(ndcg|recall)@/.test(metric)) return;
  const expected = 'ndcg or recall with a cut-off: only to them do groups of items contribute';
  throw new TaurecError('bad-option', { option: 'metric', got: metric, expected });
}

/** What each popularity group's hits contribute to the metric, least popular first. */
function contributionsOf(record: RunRecord, { protocol, metric }: Judged): readonly number[] {
  return record.evaluations[protocol].groups.contributions[metric]!;
}

/** The deviation of the groups' contributions over their mean: 0 is even. */
export function spreadOf(record: RunRecord, { protocol, metric }: Judged): number {
  return record.evaluations[protocol].groups.spread[metric]!;
}

/** The part of the metric that the less popular five groups contribute; 0 where nothing was hit. */
export function lowerHalf(record: RunRecord, judged: Judged): number {
  const parts = contributionsOf(record, judged);
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  return sum(parts) === 0 ? 0 : sum(parts.slice(0, parts.length / 2)) / sum(parts);
}

/** Contributions of the ten groups, one series a case. */
export function groupFigure(
  name: string,
  caption: string,
  judged: Judged,
  cases: readonly { readonly name: string; readonly records: readonly RunRecord[] }[],
): Figure {
  const series = cases.map((one) => {
    const seeds = one.records.map((record) => contributionsOf(record, judged));
    const points = seeds[0]!.map((_, group) => {
      const { mean: y, deviation } = meanCell(seeds.map((contributions) => contributions[group]!));
      return { x: String(group + 1), y, deviation };
    });
    return { name: one.name, points };
  });
  return {
    name,
    caption,
    kind: 'lines',
    x: { label: 'popularity group, 1 the least popular', scale: 'band' },
    y: { label: `contribution to ${judged.metric}` },
    panels: [{ title: '', series }],
  };
}
