import type { BackboneSource } from '../backbone/backbone.ts';
import type { DatasetOptions } from '../data/dataset.ts';
import { TaurecError } from '../errors.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import { cutOff } from '../evaluation/metrics.ts';
import type { LossSource } from '../loss/loss.ts';
import { replaceOptions } from '../loss/losses.ts';
import type { TrainConfigInput } from '../training/config.ts';
import { type Choice, type DataSource, type MetricSource, mergeConfigs, type RunSpec } from './run.ts';

/** A loss in an experiment, with the values of its options that validation may choose from. */
export interface LossCase {
  /** How it is named in tables and plots; distinct. */
  readonly label: string;
  readonly source: LossSource;
  /** Option of the loss, or `config.` and a training option → the values to choose from, on validation data. */
  readonly candidates: Readonly<Record<string, readonly unknown[]>>;
  /** Other training options it needs: the score, weight decay. */
  readonly config: TrainConfigInput;
}

/** Where a search begins. */
export function middleOf<T>(values: readonly T[]): T {
  return values[values.length >> 1]!;
}

/** A backbone as an experiment runs it: what reports call it, and what it needs. */
export interface BackboneCase {
  readonly label: string;
  readonly source: BackboneSource;
  /** Other training options it needs: rows per batch, epochs. */
  readonly config: TrainConfigInput;
}

/** What an experiment runs on, complete. */
export interface ExperimentSettings {
  readonly data: readonly DataSource[];
  readonly losses: readonly LossCase[];
  readonly backbones: readonly BackboneCase[];
  readonly seeds: readonly number[];
  /** The experiment's own axis: noise ratios, temperatures, λ, sizes of the pool; ascending. */
  readonly levels: readonly number[];
  /** The metric that claims are judged by and plots show, such as `ndcg@20`. */
  readonly metric: string;
  /** Metrics of the tables, `metric` among them. */
  readonly metrics: readonly string[];
  /** Custom metrics. */
  readonly ownMetrics: readonly MetricSource[];
  readonly protocol: Protocol;
  /** Training options over those of the data sets. */
  readonly config: TrainConfigInput;
}

/** What a data set joins an experiment as: a folder of `$TAUREC_DATA`, the path of one, or files with a name. */
export type DataEntry = string | (DatasetOptions & { readonly name: string; readonly config?: TrainConfigInput });

/**
 * What a loss or a backbone joins an experiment as: its name, `{name, …options}`, `{module, export, …options}`, or the object itself. An option whose value is a list is chosen from it on
 * validation data (losses). `label` names it in tables, `config` holds the other training options it needs.
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

/** The settings a user writes for an experiment; all are optional. */
export interface ExperimentConfig {
  readonly data?: readonly DataEntry[];
  readonly losses?: readonly SourceEntry[];
  readonly backbones?: readonly SourceEntry[];
  readonly seeds?: readonly number[];
  /** The experiment's own axis: noise ratios, temperatures, λ, sizes of the pool. */
  readonly levels?: readonly number[];
  /** The metric that claims are judged by. Default `ndcg@20`. */
  readonly metric?: string;
  /** Metrics of the tables: names with a cut-off, or `{module, export, name}` for a custom metric. */
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

/** Options of a loss, and training options under names that begin with `config.`. */
export type Options = Readonly<Record<string, unknown>>;

/** The loss with these options, which are no longer chosen. @throws TaurecError `bad-option` for options of a loss that is an object */
export function withOptions(loss: LossCase, options: Options): LossCase {
  const isTraining = ([name]: [string, unknown]) => name.startsWith('config.');
  const all = Object.entries(options);
  const ofLoss = Object.fromEntries(all.filter((option) => !isTraining(option)));
  const training = Object.fromEntries(all.filter(isTraining).map(([name, x]) => [name.slice('config.'.length), x]));
  if ('evaluate' in loss.source && Object.keys(ofLoss).length > 0) {
    const expected = 'a loss by name or module, whose options can be set';
    throw new TaurecError('bad-option', { option: 'losses', got: `the object ${loss.label}`, expected });
  }
  const candidates = Object.entries(loss.candidates).filter(([name]) => !(name in options));
  return {
    ...loss,
    source: replaceOptions(loss.source, ofLoss),
    config: mergeConfigs(loss.config, training),
    candidates: Object.fromEntries(candidates),
  };
}

/**
 * What every run of an experiment on a data set has of the settings: the training options (those for all over the backbone's), the backbone, the cut-offs and the metrics that are asked for.
 * @throws TaurecError `bad-option` when no backbone is named and the settings have several
 */
export function baseSpec(
  settings: ExperimentSettings,
  data: DataSource,
  choice: Choice,
  backbone: BackboneCase = onlyBackbone(settings),
): Omit<RunSpec, 'seed'> {
  const { config, metrics, ownMetrics } = settings;
  return {
    data,
    choice,
    config: mergeConfigs(backbone.config, config, { backbone: backbone.source }),
    ks: cutOffs(metrics),
    metrics: ownMetrics,
  };
}

function onlyBackbone({ backbones }: ExperimentSettings): BackboneCase {
  const [first, ...others] = backbones;
  if (others.length === 0) return first!;
  const got = backbones.map(({ label }) => label).join(', ');
  throw new TaurecError('bad-option', { option: 'backbones', got, expected: 'one; only losses compares several' });
}

/** The cut-offs that metrics need. */
export function cutOffs(metrics: readonly string[]): number[] {
  return [...new Set(metrics.map(cutOff))].sort((a, b) => a - b);
}
