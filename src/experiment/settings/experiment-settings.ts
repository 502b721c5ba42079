import { z } from 'zod';
import { loadBackbone } from '../../backbone/load-backbone.ts';
import { TaurecError } from '../../errors.ts';
import { type Protocol, protocols } from '../../evaluation/evaluator.ts';
import { loadMetric } from '../../evaluation/load-metric.ts';
import { loadLoss } from '../../loss/load-loss.ts';
import { withoutAutomatic } from '../../loss/losses.ts';
import { parseTrainConfig } from '../../training/config.ts';
import { optionError } from '../../training/option-errors.ts';
import { mergeConfigs } from '../run/merge-config.ts';
import type { MetricSource } from '../run/run.ts';
import type { ExperimentConfig } from './experiment-config.ts';
import { checkMetric } from './metric-names.ts';
import type { ExperimentSettings, LossCase } from './settings.ts';
import { backboneCase, dataSource, lossCase } from './source-cases.ts';
import { withOptions } from './with-options.ts';

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const entries = z.array(z.union([z.string(), z.custom(isObject)])).min(1);
const numbers = z.array(z.number()).min(1);
const shape = {
  data: entries,
  losses: entries,
  backbones: entries,
  seeds: z.array(z.int()).min(1),
  levels: numbers,
  metric: z.string(),
  metrics: entries,
  protocol: z.enum(protocols),
  config: z.record(z.string(), z.unknown()),
};
const expected: Record<keyof typeof shape, string> = {
  data: 'a list of data sets: names, paths, or {name, train, test}',
  losses: 'a list of losses: names, or {name, …options}',
  backbones: 'a list of backbones: names, or {name, …options}',
  seeds: 'a list of whole numbers',
  levels: 'a list of numbers',
  metric: "a metric with its cut-off, as 'ndcg@20'",
  metrics: "a list of metrics, as 'recall@20', or {module, export, name}",
  protocol: `one of ${protocols.join(', ')}`,
  config: 'training options',
};
const schema = z.strictObject(
  Object.fromEntries(
    Object.entries(shape).map(([name, type]) => [name, withMessage(type, expected[name as keyof typeof shape])]),
  ),
);

function withMessage(type: z.ZodType, message: string) {
  return z.custom((value) => type.safeParse(value).success, { error: message }).optional();
}

/**
 * The settings of an experiment: what was given over the experiment's own defaults. Losses, backbones, metrics and training options are tried at once, before anything runs.
 * @throws TaurecError `bad-option`, `unknown-name`, `file-not-found`, `loss-module`, `backbone-module`, `metric-module`
 */
export async function experimentSettings(given: unknown, defaults: ExperimentConfig): Promise<ExperimentSettings> {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw optionError(parsed.error, given, () => Object.keys(shape));
  const common = { seeds: [1, 2, 3], levels: [], backbones: ['mf'], metric: 'ndcg@20', protocol: 'clean', config: {} };
  const wanted = { ...common, ...defaults, ...definedOnly(given as ExperimentConfig) } as ExperimentConfig &
    typeof common;
  const { metric, protocol, levels, config } = wanted;
  const named = [...new Set([metric, ...(wanted.metrics ?? defaultMetrics)])];
  const ownMetrics = named.filter((one) => typeof one !== 'string') as MetricSource[];
  const settings: ExperimentSettings = {
    data: wanted.data!.map(dataSource),
    losses: wanted.losses!.map(lossCase),
    backbones: wanted.backbones.map(backboneCase),
    seeds: distinct('seeds', wanted.seeds),
    levels: [...distinct('levels', levels)].sort((a, b) => a - b),
    metric,
    metrics: [...named.filter((one) => typeof one === 'string'), ...ownMetrics.map(({ name }) => `${name}@20`)],
    ownMetrics,
    protocol: protocol as Protocol,
    config,
  };
  for (const kind of ['data', 'losses', 'backbones'] as const) {
    distinct(
      kind,
      settings[kind].map((one) => ('label' in one ? one.label : one.name)),
    );
  }
  for (const name of settings.metrics) checkMetric(name, ownMetrics);
  for (const source of ownMetrics) await loadMetric(source);
  for (const { source } of settings.losses) await loadLoss(withoutAutomatic(source));
  for (const { source } of settings.backbones) await loadBackbone(source);
  for (const { config: own } of [...settings.data, ...settings.losses, ...settings.backbones]) {
    parseTrainConfig(mergeConfigs(own, config));
  }
  for (const loss of settings.losses) await checkCandidates(loss);
  return settings;
}

/** Tries each value that is to be chosen from, so that a wrong one is told before anything runs. */
async function checkCandidates(loss: LossCase): Promise<void> {
  for (const [name, values] of Object.entries(loss.candidates)) {
    for (const value of values) {
      const { source, config } = withOptions(loss, { [name]: value });
      if (name.startsWith('config.')) parseTrainConfig(config);
      else await loadLoss(withoutAutomatic(source));
    }
  }
}

const defaultMetrics = ['ndcg@20', 'recall@20', 'coverage@20', 'gini@20'];

function distinct<T extends string | number>(option: string, values: readonly T[]): readonly T[] {
  const twice = values.find((value, index) => values.indexOf(value) < index);
  if (twice === undefined) return values;
  const remedy = typeof twice === 'string' ? 'Give one of them a label of its own.' : undefined;
  throw new TaurecError('bad-option', { option, got: `${twice} twice`, expected: 'distinct ones', remedy });
}

function definedOnly<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
