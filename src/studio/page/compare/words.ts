import type { Comparison } from '../../../evaluation/compare.ts';
import { number } from '../parts/figures.ts';
import { metricTitle } from '../parts/metric-names.ts';

/** The chance below which a difference counts as shown. */
const SHOWN = 0.05;

/** What a comparison of two runs says about a metric, in plain words. */
export function comparisonInWords(
  {
    metric,
    difference,
    low,
    high,
    p,
  }: Pick<Comparison['metrics'][number], 'metric' | 'difference' | 'low' | 'high' | 'p'>,
  [a, b]: readonly [a: string, b: string],
): string {
  const interval = `${number(low, 2)} to ${number(high, 2)}`;
  const chance = `p = ${p < 0.001 ? 'below 0.001' : number(p, 2)}`.replace('= below', '<');
  if (p >= SHOWN || difference === 0)
    return `No clear difference in ${metricTitle(metric)}: between ${a} and ${b} it is ${number(difference, 2)}, with a 95% interval of ${interval}. Two equally good models would differ at least that much in ${often(p)} of such comparisons (${chance}).`;
  const [better, worse] = difference > 0 ? [b, a] : [a, b];
  const ends = difference > 0 ? interval : `${number(-high, 2)} to ${number(-low, 2)}`;
  return `${better} is better than ${worse} by ${number(Math.abs(difference), 2)} ${metricTitle(metric)}, with a 95% interval of ${ends}. Two equally good models would differ that much in only ${often(p)} of such comparisons (${chance}).`;
}

function often(p: number): string {
  const percent = 100 * p;
  return percent < 0.1 ? 'fewer than 0.1%' : `${Number(percent.toPrecision(2))}%`;
}
