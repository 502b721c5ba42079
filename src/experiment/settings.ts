import type { BackboneSource } from '../backbone/backbone.ts';
import type { DatasetOptions } from '../data/dataset.ts';
import { TaurecError } from '../errors.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import { cutOff } from '../evaluation/metrics.ts';
import type { LossSource } from '../loss/loss.ts';
import { replaceOptions } from '../loss/losses.ts';
import type { TrainConfigInput } from '../training/config.ts';
import { type Choice, type DataSource, type MetricSource, mergeConfigs, type RunSpec } from './run.ts';

/** A loss in an experiment, with the option values that validation chooses from. */
export interface LossCase {
  /** Name in tables and plots; distinct among the losses. */
  readonly label: string;
  readonly source: LossSource;
  /** Values that validation chooses from, by option: an option of the loss, or a training option with the prefix `config.`. */
  readonly candidates: Readonly<Record<string, readonly unknown[]>>;
  /** Other training options that the loss needs, such as the score or weight decay. */
  readonly config: TrainConfigInput;
}

/** The middle value of a list (the upper one of an even number): a search starts there. */
export function middleOf<T>(values: readonly T[]): T {
  return values[values.length >> 1]!;
}

/** A backbone in an experiment: its name in reports, and the options it needs. */
export interface BackboneCase {
  readonly label: string;
  readonly source: BackboneSource;
  /** Other training options that the backbone needs, such as rows per batch or epochs. */
  readonly config: TrainConfigInput;
}

/** The complete settings of an experiment. */
export interface ExperimentSettings {
  readonly data: readonly DataSource[];
  readonly losses: readonly LossCase[];
  readonly backbones: readonly BackboneCase[];
  readonly seeds: readonly number[];
  /** Values of the experiment's own axis, ascending: noise ratios, temperatures, λ, pool sizes. */
  readonly levels: readonly number[];
  /** The metric that judges the claims and that plots show, such as `ndcg@20`. */
  readonly metric: string;
  /** Metrics of the tables, including `metric`. */
  readonly metrics: readonly string[];
  /** The custom metrics among them, by module. */
  readonly ownMetrics: readonly MetricSource[];
  readonly protocol: Protocol;
  /** Training options for all runs; they override those of data sets and backbones. */
  readonly config: TrainConfigInput;
  /** The parts to run, of an experiment that has parts. */
  readonly parts: readonly string[];
  /** The settings as they were given, without any default: an experiment with parts has defaults for each. */
  readonly given: ExperimentConfig;
}

/** A data set in the settings: the name of a folder of `$TAUREC_DATA`, the path of a folder, or files with a name. */
export type DataEntry = string | (DatasetOptions & { readonly name: string; readonly config?: TrainConfigInput });

/**
 * A loss or a backbone in the settings: its name, `{name, …options}`, `{module, export, …options}`, or the object itself. For losses, validation chooses
 * the value of an option that is a list. `label` is the name in tables; `config` has other training options that it needs.
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
  /** Seeds; every configuration is trained with each of them. Default 1, 2, 3. */
  readonly seeds?: readonly number[];
  /** Values of the experiment's own axis: noise ratios, temperatures, λ, pool sizes. Default: see the experiment. */
  readonly levels?: readonly number[];
  /** The parts to run, of an experiment that has parts. Default: all. */
  readonly parts?: readonly string[];
  /** The metric that judges the claims. Default `ndcg@20`. */
  readonly metric?: string;
  /** Metrics of the tables: names with a cut-off, or `{module, export, name}` for a custom metric. */
  readonly metrics?: readonly (string | MetricSource)[];
  /** Default `clean`. */
  readonly protocol?: Protocol;
  /** Training options for all runs, such as `{epochs: 20}`; they override those of data sets and backbones. */
  readonly config?: TrainConfigInput;
}

/** The known entries with that label, with their options; else the name alone. Several entries may share a label. */
export function entriesNamed(name: string, known: readonly SourceEntry[]): readonly SourceEntry[] {
  const found = known.filter((entry) => (typeof entry === 'string' ? entry : (entry.label ?? entry.name)) === name);
  return found.length > 0 ? found : [name];
}

/** Returns its argument. In a configuration file it gives the editor the types. */
export function defineExperiment(config: ExperimentConfig): ExperimentConfig {
  return config;
}

/** Options of a loss, and training options with the prefix `config.`. */
export type Options = Readonly<Record<string, unknown>>;

/** The loss with these options fixed: they are no longer candidates. @throws TaurecError `bad-option` for options of a loss that is an object */
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
 * The part of a run specification that all runs on a data set share: backbone, training options (the common ones override the backbone's), cut-offs and
 * metrics.
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

/** The backbone of settings that must have exactly one. @throws TaurecError `bad-option` */
function onlyBackbone({ backbones }: ExperimentSettings): BackboneCase {
  const [first, ...others] = backbones;
  if (others.length === 0) return first!;
  const got = backbones.map(({ label }) => label).join(', ');
  throw new TaurecError('bad-option', {
    option: 'backbones',
    got,
    expected: 'one backbone; only the experiment losses compares several',
  });
}

/** The distinct cut-offs of the metrics, ascending. */
export function cutOffs(metrics: readonly string[]): number[] {
  return [...new Set(metrics.map(cutOff))].sort((a, b) => a - b);
}
