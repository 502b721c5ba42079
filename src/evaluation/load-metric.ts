import { TaurecError } from '../errors.ts';
import { importExport, type ModuleSource } from '../platform/load-module.ts';
import { checkedMetric } from './extra-metrics.ts';
import type { RankMetric } from './metrics.ts';

/**
 * A metric of one's own from a module: a path (relative to the working directory), a URL or a package. The export is the metric, a function (hits, relevant, k) of two or three parameters, or
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
