import { basename } from 'node:path';
import { z } from 'zod';
import { type BackboneName, backboneNames } from '../backbone/backbones.ts';
import { loadBackbone } from '../backbone/load-backbone.ts';
import type { DatasetOptions } from '../data/dataset.ts';
import { TaurecError } from '../errors.ts';
import { type Protocol, protocols } from '../evaluation/evaluator.ts';
import { loadMetric } from '../evaluation/load-metric.ts';
import { rankMetricNames } from '../evaluation/metrics.ts';
import { loadLoss } from '../loss/load-loss.ts';
import { type LossName, lossNames, withoutAutomatic } from '../loss/losses.ts';
import { parseTrainConfig, type TrainConfigInput } from '../training/config.ts';
import { optionError } from '../training/option-errors.ts';
import { namedSource } from '../training/source-option.ts';
import { folderDataSet } from './data-sets.ts';
import { mergeConfigs } from './merge-config.ts';
import type { DataSource, MetricSource } from './run.ts';
import { type BackboneCase, type ExperimentSettings, type LossCase, middleOf } from './settings.ts';

/** What a data set joins an experiment as: a folder of `$TAUREC_DATA`, the path of one, or files with a name. */
export type DataEntry = string | (DatasetOptions & { readonly name: string; readonly config?: TrainConfigInput });

/**
 * What a loss or a backbone joins an experiment as: its name, or `{name, …options}` or `{module, export, …options}`. An option whose value is a list is chosen from it on
 * validation data (losses). `label` names it in tables, `config` holds what training with it needs besides.
 */
export type SourceEntry =
  | string
  | {
      readonly name?: string;
      readonly module?: string;
      readonly export?: string;
      readonly label?: string;
      readonly config?: {
        readonly [K in keyof TrainConfigInput]: TrainConfigInput[K] | readonly TrainConfigInput[K][];
      };
      readonly [option: string]: unknown;
    };

/** What a person writes of an experiment; everything may be left out. */
export interface ExperimentConfig {
  readonly data?: readonly DataEntry[];
  readonly losses?: readonly SourceEntry[];
  readonly backbones?: readonly SourceEntry[];
  readonly seeds?: readonly number[];
  /** The experiment's own axis: noise ratios, temperatures, λ, sizes of the pool. */
  readonly levels?: readonly number[];
  /** The metric that claims are judged by. Default `ndcg@20`. */
  readonly metric?: string;
  /** Metrics of the tables: names with a cut-off, or `{module, export, name}` of one's own. */
  readonly metrics?: readonly (string | MetricSource)[];
  /** Default `clean`. */
  readonly protocol?: Protocol;
  /** Training options over those of the data sets: `{epochs: 20}`. */
  readonly config?: TrainConfigInput;
}

/** For configuration files: gives back what it got, with types in the editor. */
export function defineExperiment(config: ExperimentConfig): ExperimentConfig {
  return config;
}

const entries = z.array(z.union([z.string(), z.record(z.string(), z.unknown())])).min(1);
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
  return settings;
}

const defaultMetrics = ['ndcg@20', 'recall@20', 'coverage@20', 'gini@20'];
const exposureMetrics = ['coverage', 'gini', 'popularity', 'novelty'];

/** The cut-offs that metrics need. */
export function cutOffs(metrics: readonly string[]): number[] {
  return [...new Set(metrics.map((metric) => Number(metric.slice(metric.indexOf('@') + 1))))].sort((a, b) => a - b);
}

function checkMetric(metric: string, own: readonly MetricSource[]): void {
  const known = [...rankMetricNames, ...exposureMetrics, ...own.map(({ name }) => name)];
  const [name = '', k = '', ...rest] = metric.split('@');
  if (known.includes(name) && /^[1-9]\d*$/.test(k) && rest.length === 0) return;
  const names = `a metric with its cut-off, as 'ndcg@20'; metrics: ${known.join(', ')}`;
  throw new TaurecError('bad-option', { option: 'metrics', got: metric, expected: names });
}

function dataSource(entry: DataEntry): DataSource {
  if (typeof entry === 'string') return folderDataSet(entry);
  const { name, config = {}, ...files } = entry;
  if (typeof name === 'string' && typeof files.train === 'string') return { name, files, config };
  throw new TaurecError('bad-option', { option: 'data', got: JSON.stringify(entry), expected: expected.data });
}

/** A loss by its entry; the option values that are lists are candidates, of which the middle one stands in for now. */
function lossCase(entry: SourceEntry): LossCase {
  if (typeof entry === 'object' && 'evaluate' in entry)
    return { label: String(entry.name), source: entry as never, candidates: {}, config: {} };
  const {
    label,
    config = {},
    ...rest
  } = typeof entry === 'string' ? { name: entry } : (entry as Record<string, unknown>);
  const ofLoss = listsIn(rest);
  const ofConfig = Object.entries(listsIn(config as object)).map(([name, values]) => [`config.${name}`, values]);
  const source = sourceOf('losses', { ...rest, ...middles(ofLoss) }, 'evaluate', lossNames) as LossCase['source'];
  return {
    label: labelOf(label, rest),
    source,
    candidates: { ...ofLoss, ...Object.fromEntries(ofConfig) },
    config: { ...(config as TrainConfigInput), ...middles(listsIn(config as object)) },
  };
}

/** The options whose value is a list. */
function listsIn(options: object): Record<string, unknown[]> {
  const lists = Object.entries(options).filter((option): option is [string, unknown[]] => Array.isArray(option[1]));
  const empty = lists.find(([, values]) => values.length === 0);
  if (!empty) return Object.fromEntries(lists);
  throw new TaurecError('bad-option', { option: `losses.${empty[0]}`, got: '[]', expected: 'at least one value' });
}

function middles(lists: Record<string, unknown[]>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, middleOf(values)]));
}

function backboneCase(entry: SourceEntry): BackboneCase {
  const { label, config, ...rest } = typeof entry === 'string' ? { name: entry } : (entry as Record<string, unknown>);
  const source = sourceOf('backbones', rest, 'forward', backboneNames) as BackboneCase['source'];
  return { label: labelOf(label, rest), source, config: (config ?? {}) as TrainConfigInput };
}

function sourceOf(option: string, rest: object, method: string, known: readonly (LossName | BackboneName)[]): object {
  const source = namedSource<Record<string, unknown>>(rest, method);
  if (source) return source;
  const names = `{name, …options} or {module, export, …options}; names: ${known.join(', ')}`;
  throw new TaurecError('bad-option', { option, got: JSON.stringify(rest), expected: names });
}

function labelOf(label: unknown, rest: Record<string, unknown>): string {
  if (typeof label === 'string') return label;
  return typeof rest.name === 'string' ? rest.name : basename(String(rest.module)).replace(/\.[^.]*$/, '');
}

function distinct<T extends string | number>(option: string, values: readonly T[]): readonly T[] {
  const twice = values.find((value, index) => values.indexOf(value) < index);
  if (twice === undefined) return values;
  const remedy = typeof twice === 'string' ? 'Give one of them a label of its own.' : undefined;
  throw new TaurecError('bad-option', { option, got: `${twice} twice`, expected: 'distinct ones', remedy });
}

function definedOnly<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
