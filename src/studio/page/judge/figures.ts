import type { Judgement } from '../../session.ts';
import { metricTitle } from '../parts/metric-names.ts';
import { baselines, baselineTitles } from './words.ts';

/** One metric of the model and of the simple rankers. */
export interface FigureRow {
  readonly metric: string;
  readonly model: number;
  readonly popular: number;
  readonly 'item-knn': number;
  readonly random: number;
}

/** All metrics of a judgement, in the order of the evaluation. */
export function figureRows({ model, baselines: others }: Judgement): readonly FigureRow[] {
  return Object.entries(model.metrics).map(([metric, value]) => ({
    metric,
    model: value,
    popular: others.popular.metrics[metric]!,
    'item-knn': others['item-knn'].metrics[metric]!,
    random: others.random.metrics[metric]!,
  }));
}

/** The rows as a text that a spreadsheet takes: columns by tabs, numbers in full. */
export function figuresText(rows: readonly FigureRow[], model: string): string {
  const head = ['Metric', model, ...baselines.map((name) => baselineTitles[name])];
  const body = rows.map((row) => [metricTitle(row.metric), row.model, ...baselines.map((name) => row[name])]);
  return `${[head, ...body].map((cells) => cells.join('\t')).join('\n')}\n`;
}

/** The popularity groups of a judgement: items of each, and what they add to a metric. Undefined where groups were not measured. */
export function groupsOf(judgement: Judgement, metric: string) {
  const { model, baselines: others } = judgement;
  const own = model.groups?.contributions[metric];
  if (!model.groups || !own) return undefined;
  return {
    items: model.groups.items,
    model: own,
    others: baselines.flatMap((name) => {
      const values = others[name].groups?.contributions[metric];
      return values ? [{ name, values }] : [];
    }),
  };
}
