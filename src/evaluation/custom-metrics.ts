import { TaurecError } from '../errors.ts';
import { importExport, type ModuleSource } from '../platform/load-module.ts';
import { exposureMetricNames, type RankMetric, rankMetricNames } from './metrics.ts';

/** Custom metrics, by name. */
export type ExtraMetrics = Readonly<Record<string, RankMetric>>;

const taken: readonly string[] = [...rankMetricNames, ...exposureMetricNames, 'auc'];

/**
 * The metrics as an evaluation calls them: each gets the hits below its cutoff alone, and must give a finite number.
 * @throws bad-option for a taken or malformed name (a letter, then letters, digits, - or _) and for a value that is not a metric; later, when a metric returns no finite number for some user.
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

/** One metric as an evaluation calls it, tried on a list of one hit. @param option How messages name it. */
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
 * A custom metric from a module: a path (relative to the working directory), a URL or a package. The export is the metric, a function (hits, relevant, k) of two or three parameters, or
 * a factory of none or one, called with the options, that returns it. TypeScript modules load in Node.
 *
 * @throws TaurecError `metric-module` when the module cannot be imported or the factory fails; `unknown-name` for an export that it lacks; `bad-option` for what is no metric.
 */
export async function loadMetric(source: ModuleSource): Promise<RankMetric> {
  const found = await importExport(source, 'metric', 'metric-module');
  let metric = found;
  try {
    if (typeof found === 'function' && found.length < 2) metric = found(source.options);
  } catch (cause) {
    throw new TaurecError('metric-module', { module: source.module, reason: (cause as Error).message }, { cause });
  }
  checkedMetric(metric, `metric module ${source.module}`);
  return metric as RankMetric;
}
