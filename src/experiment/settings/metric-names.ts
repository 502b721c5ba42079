import { TaurecError } from '../../errors.ts';
import { cutOff, rankMetricNames } from '../../evaluation/metrics.ts';
import type { MetricSource } from '../run/run.ts';

const exposureMetrics = ['coverage', 'gini', 'popularity', 'novelty'];

/** The cut-offs that metrics need. */
export function cutOffs(metrics: readonly string[]): number[] {
  return [...new Set(metrics.map(cutOff))].sort((a, b) => a - b);
}

/** Refuses what is no metric with a cut-off. @throws TaurecError `bad-option` */
export function checkMetric(metric: string, own: readonly MetricSource[]): void {
  const known = [...rankMetricNames, ...exposureMetrics, ...own.map(({ name }) => name)];
  const [name = '', k = '', ...rest] = metric.split('@');
  if (known.includes(name) && /^[1-9]\d*$/.test(k) && rest.length === 0) return;
  const names = `a metric with its cut-off, as 'ndcg@20'; metrics: ${known.join(', ')}`;
  throw new TaurecError('bad-option', { option: 'metrics', got: metric, expected: names });
}
