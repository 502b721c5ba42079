import type { DatasetOptions } from '../../data/dataset.ts';
import type { Protocol } from '../../evaluation/evaluator.ts';
import type { TrainConfigInput } from '../../training/config.ts';
import type { MetricSource } from '../run/run.ts';

/** What a data set joins an experiment as: a folder of `$TAUREC_DATA`, the path of one, or files with a name. */
export type DataEntry = string | (DatasetOptions & { readonly name: string; readonly config?: TrainConfigInput });

/**
 * What a loss or a backbone joins an experiment as: its name, `{name, …options}`, `{module, export, …options}`, or the object itself. An option whose value is a list is chosen from it on
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
