import type { BackboneSource } from '../../backbone/backbone.ts';
import type { Protocol } from '../../evaluation/evaluator.ts';
import type { LossSource } from '../../loss/loss.ts';
import type { TrainConfigInput } from '../../training/config.ts';
import type { DataSource, MetricSource } from '../run/run.ts';

/** A loss in an experiment, with the values of its options that validation may choose from. */
export interface LossCase {
  /** How it is named in tables and plots; distinct. */
  readonly label: string;
  readonly source: LossSource;
  /** Option of the loss, or `config.` and a training option → the values to choose from, on validation data. */
  readonly candidates: Readonly<Record<string, readonly unknown[]>>;
  /** What training with it needs besides: the score, weight decay. */
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
  /** What training with it needs besides: rows a batch, epochs. */
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
  /** Metrics of one's own. */
  readonly ownMetrics: readonly MetricSource[];
  readonly protocol: Protocol;
  /** Training options over those of the data sets. */
  readonly config: TrainConfigInput;
}
