// Reads and checks the settings of an experiment: expands names to data sets, losses and backbones, and loads every custom module before the first training.
import { basename } from 'node:path';
import * as z from 'zod';
import { type BackboneName, backboneNames } from '../backbone/backbones.ts';
import { loadBackbone } from '../backbone/load-backbone.ts';
import { TaurecError } from '../errors.ts';
import { loadMetric } from '../evaluation/custom-metrics.ts';
import { evaluationShape, type Protocol } from '../evaluation/evaluator.ts';
import { rankMetricNames } from '../evaluation/metrics.ts';
import { loadLoss } from '../loss/load-loss.ts';
import { type LossName, lossNames, withoutAutomatic } from '../loss/losses.ts';
import { declaredOptions, namedSource, option, optionFacts } from '../option.ts';
import { parseTrainConfig, type TrainConfigInput } from '../training/config.ts';
import { optionError } from '../training/option-errors.ts';
import { type DataSource, folderDataSet, type MetricSource, mergeConfigs } from './run.ts';
import {
  type BackboneCase,
  type DataEntry,
  type ExperimentConfig,
  type ExperimentSettings,
  type LossCase,
  middleOf,
  type SourceEntry,
  withOptions,
} from './settings.ts';

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const entries = z.array(z.union([z.string(), z.custom(isObject)])).min(1);
const numbers = z.array(z.number()).min(1);

/** A setting whose only error is `message`. */
function setting(type: z.ZodType, message: string) {
  return z.custom((value) => type.safeParse(value).success, { error: message }).optional();
}

/** The declarations of the settings. */
const shape = {
  data: option(setting(entries, 'a list of data sets: names, paths, or {name, train, test}'), {
    flag: '--data <names>',
    help: 'data sets: names of folders in $TAUREC_DATA, or paths of folders with train.* and test.*',
  }),
  losses: option(setting(entries, 'a list of losses: names, or {name, …options}'), {
    flag: '--losses <names>',
    help: 'losses: those of the experiment, or other built-in ones',
  }),
  backbones: option(setting(entries, 'a list of backbones: names, or {name, …options}'), {
    flag: '--backbones <names>',
    help: 'backbones',
  }),
  levels: option(setting(numbers, 'a list of numbers'), {
    flag: '--levels <numbers>',
    help: "levels of the experiment's axis: noise ratios, temperatures, λ, pool sizes",
  }),
  parts: option(setting(z.array(z.string()).min(1), 'a list of names'), {
    flag: '--parts <names>',
    help: 'parts of the experiment papers (default: all)',
  }),
  seeds: option(setting(z.array(z.int()).min(1), 'a list of whole numbers'), {
    flag: '--seeds <numbers>',
    help: 'seeds (default: 1,2,3)',
  }),
  metric: option(setting(z.string(), "a metric with its cut-off, as 'ndcg@20'"), {
    flag: '--metric <name>',
    help: 'metric that decides the claims (default: ndcg@20)',
  }),
  metrics: option(setting(entries, "a list of metrics, as 'recall@20', or {module, export, name}"), {
    help: 'metrics of the tables',
  }),
  protocol: option(evaluationShape.protocol.optional(), optionFacts(evaluationShape.protocol)!),
  config: option(setting(z.record(z.string(), z.unknown()), 'an object of training options'), {
    help: 'training options of every run',
  }),
};

/** All settings are optional, and unknown ones are refused. */
const schema = z.strictObject(shape);
/** The declared settings of an experiment. */
export const experimentOptions = declaredOptions(shape);

/**
 * The settings of an experiment: `given` overrides the experiment's defaults, which override the common ones (seeds 1, 2, 3; backbone `mf`; `ndcg@20`;
 * protocol `clean`). Losses, backbones, metrics and training options are loaded and checked here, before any training.
 * @throws TaurecError `bad-option`, `unknown-name`, `file-not-found`, `loss-module`, `backbone-module`, `metric-module`
 */
export async function experimentSettings(given: unknown, defaults: ExperimentConfig): Promise<ExperimentSettings> {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw optionError(parsed.error, given, () => Object.keys(shape));
  const common = { seeds: [1, 2, 3], levels: [], backbones: ['mf'], metric: 'ndcg@20', protocol: 'clean', config: {} };
  const wanted = { ...common, ...defaults, ...definedOnly(given as ExperimentConfig) } as ExperimentConfig &
    typeof common;
  const { metric, protocol, levels, config } = wanted;
  // `metric` must be in the tables too, also when `metrics` does not list it.
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
    parts: partsOf(wanted.parts ?? [], defaults.parts ?? []),
    given: given as ExperimentConfig,
  };
  // Reports look cases up by these names.
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

/** The parts, if the experiment has them all. @throws TaurecError `unknown-name`, `bad-option` */
function partsOf(wanted: readonly string[], known: readonly string[]): readonly string[] {
  const got = wanted.find((name) => !known.includes(name));
  if (got === undefined) return distinct('parts', wanted);
  if (known.length > 0) throw new TaurecError('unknown-name', { kind: 'part', got, known });
  throw new TaurecError('bad-option', { option: 'parts', got, expected: 'nothing: this experiment has no parts' });
}

/** Checks each candidate value, so that a wrong one is reported before any training. */
async function checkCandidates(loss: LossCase): Promise<void> {
  for (const [name, values] of Object.entries(loss.candidates)) {
    for (const value of values) {
      const { source, config } = withOptions(loss, { [name]: value });
      if (name.startsWith('config.')) parseTrainConfig(config);
      else await loadLoss(withoutAutomatic(source));
    }
  }
}

/** Metrics of the tables by default, in addition to `metric`. */
const defaultMetrics = ['ndcg@20', 'recall@20', 'coverage@20', 'gini@20'];

/** The values, if no two are equal. @throws TaurecError `bad-option` */
function distinct<T extends string | number>(option: string, values: readonly T[]): readonly T[] {
  const twice = values.find((value, index) => values.indexOf(value) < index);
  if (twice === undefined) return values;
  const remedy = typeof twice === 'string' ? 'Give one of them a different label.' : undefined;
  throw new TaurecError('bad-option', { option, got: `${twice} twice`, expected: 'distinct values', remedy });
}

/** The object without undefined fields, which must not override defaults. */
function definedOnly<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The data set of an entry. @throws TaurecError `bad-option`; the errors of `folderDataSet` */
function dataSource(entry: DataEntry): DataSource {
  if (typeof entry === 'string') return folderDataSet(entry);
  const { name, config = {}, ...files } = entry;
  if (typeof name === 'string' && typeof files.train === 'string') return { name, files, config };
  throw new TaurecError('bad-option', {
    option: 'data',
    got: JSON.stringify(entry),
    expected: 'a name, a path, or {name, train, test}',
  });
}

/** The loss of an entry. Options whose value is a list become candidates; the middle value is used until validation chooses. @throws TaurecError `bad-option` */
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

/** The options whose value is a list. @throws TaurecError `bad-option` for an empty list */
function listsIn(options: object): Record<string, unknown[]> {
  const lists = Object.entries(options).filter((option): option is [string, unknown[]] => Array.isArray(option[1]));
  const empty = lists.find(([, values]) => values.length === 0);
  if (!empty) return Object.fromEntries(lists);
  throw new TaurecError('bad-option', { option: `losses.${empty[0]}`, got: '[]', expected: 'at least one value' });
}

/** The middle value of each list. */
function middles(lists: Record<string, unknown[]>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, middleOf(values)]));
}

/** The backbone of an entry. @throws TaurecError `bad-option` */
function backboneCase(entry: SourceEntry): BackboneCase {
  if (typeof entry === 'object' && 'forward' in entry)
    return { label: String(entry.name), source: entry as never, config: {} };
  const { label, config, ...rest } = typeof entry === 'string' ? { name: entry } : (entry as Record<string, unknown>);
  const source = sourceOf('backbones', rest, 'forward', backboneNames) as BackboneCase['source'];
  return { label: labelOf(label, rest), source, config: (config ?? {}) as TrainConfigInput };
}

/** A loss or backbone by name or module. @param method The method that tells an object of this kind from a description of one. */
function sourceOf(option: string, rest: object, method: string, known: readonly (LossName | BackboneName)[]): object {
  const source = namedSource<Record<string, unknown>>(rest, method);
  if (source) return source;
  const names = `{name, …options} or {module, export, …options}; names: ${known.join(', ')}`;
  throw new TaurecError('bad-option', { option, got: JSON.stringify(rest), expected: names });
}

/** The label of an entry. Default: its name, or the file name of its module without extension. */
function labelOf(label: unknown, rest: Record<string, unknown>): string {
  if (typeof label === 'string') return label;
  return typeof rest.name === 'string' ? rest.name : basename(String(rest.module)).replace(/\.[^.]*$/, '');
}

/** Metrics of all lists together that every evaluation has; `diversity` needs embeddings, which experiments do not pass on. */
const exposureMetrics = ['coverage', 'gini', 'popularity', 'novelty'];

/** Refuses unknown metrics and metrics without a cut-off. @throws TaurecError `bad-option` */
function checkMetric(metric: string, own: readonly MetricSource[]): void {
  const known = [...rankMetricNames, ...exposureMetrics, ...own.map(({ name }) => name)];
  const [name = '', k = '', ...rest] = metric.split('@');
  if (known.includes(name) && /^[1-9]\d*$/.test(k) && rest.length === 0) return;
  const names = `a metric with its cut-off, as 'ndcg@20'; metrics: ${known.join(', ')}`;
  throw new TaurecError('bad-option', { option: 'metrics', got: metric, expected: names });
}
