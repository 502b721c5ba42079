import { TaurecError } from '../errors.ts';
import type { ModuleSource } from '../option.ts';
import { importExport } from '../platform/load-module.ts';
import { exposureMetricNames, type RankMetric, rankMetricNames } from './metrics.ts';

/** Custom metrics, by name. */
export type ExtraMetrics = Readonly<Record<string, RankMetric>>;

/** Names of built-in metrics, which custom metrics must not use. */
const taken: readonly string[] = [...rankMetricNames, ...exposureMetricNames, 'auc'];

/**
 * Wraps custom metrics for an evaluation: each receives only the hits below its cutoff, and must return a finite number.
 * @throws TaurecError `bad-option` for the name of a built-in metric, a malformed name (valid: a letter, then letters, digits, - or _) or a value that is no metric; during the evaluation, when a metric does not return a finite number
 */
export function checkedMetrics(metrics: ExtraMetrics): ExtraMetrics {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => {
      if (!/^[a-z][\w-]*$/i.test(name) || taken.includes(name.toLowerCase())) {
        const expected = `names of letters, digits, - and _, other than the built-in ${taken.join(', ')}`;
        throw new TaurecError('bad-option', { option: 'extraMetrics', got: name, expected });
      }
      return [name, checkedMetric(metric, `extraMetrics.${name}`)];
    }),
  );
}

/** Wraps one custom metric, and tries it on a list with one hit. @param option Its name in error messages. @throws TaurecError `bad-option` */
export function checkedMetric(metric: unknown, option: string): RankMetric {
  const refuse = (got: unknown, expected: string): never => {
    throw new TaurecError('bad-option', { option, got, expected });
  };
  if (typeof metric !== 'function') return refuse(metric, 'a function (hits, relevant, k) that returns a number');
  const checked: RankMetric = (hits, relevant, k) => {
    const below = hits.filter((p) => p < k);
    const value: unknown = metric(below, relevant, k);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return refuse(value, `a finite number for hits [${below.join(', ')}], relevant ${relevant}, k ${k}`);
  };
  checked([0], 1, 1);
  return checked;
}

/**
 * Loads a custom metric from a module: a path relative to the working directory, a URL, or a package. The export is either the metric itself, a function
 * (hits, relevant, k) with two or three parameters, or a factory with at most one parameter, which receives the options and returns the metric. Node loads
 * TypeScript modules directly.
 *
 * @throws TaurecError `metric-module` when the module cannot be imported or the factory fails; `unknown-name` for a missing export; `bad-option` when the export is not a metric
 */
export async function loadMetric(source: ModuleSource): Promise<RankMetric> {
  const found = await importExport(source, 'metric', 'metric-module');
  let metric = found;
  try {
    // The number of declared parameters tells a factory (0 or 1) from a metric (2 or 3).
    if (typeof found === 'function' && found.length < 2) metric = found(source.options);
  } catch (cause) {
    throw new TaurecError('metric-module', { module: source.module, reason: (cause as Error).message }, { cause });
  }
  checkedMetric(metric, `metric module ${source.module}`);
  return metric as RankMetric;
}
