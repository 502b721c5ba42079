import type { ExtraMetrics } from './extra-metrics.ts';
import { type RankMetric, rankMetricNames, rankMetrics } from './metrics.ts';

/** One number per user and metric, for significance tests. The mean of a column is the metric. */
export interface PerUser {
  /** The users the metrics are divided by, as indices, ascending. */
  readonly users: Int32Array;
  /** By metric name, beside `users`. Users that were not ranked hold 0. */
  readonly columns: Readonly<Record<string, Float64Array>>;
}

/** Sums the accuracy metrics over users, in the order in which users are added. */
export class AccuracyTally {
  readonly names: readonly string[];
  private readonly metrics: readonly RankMetric[];
  private readonly ks: readonly number[];
  private readonly sums: Float64Array;
  private readonly columns: Float64Array[] | undefined;

  /**
   * @param keep number of users to keep each user's values for; 0 keeps none.
   * @param extra metrics beside the built-in ones, checked.
   */
  constructor(ks: readonly number[], withAuc: boolean, keep: number, extra: ExtraMetrics = {}) {
    this.ks = ks;
    const names = [...rankMetricNames, ...Object.keys(extra)];
    this.metrics = [...rankMetricNames.map((name) => rankMetrics[name]), ...Object.values(extra)];
    this.names = [...ks.flatMap((k) => names.map((name) => `${name}@${k}`)), ...(withAuc ? ['auc'] : [])];
    this.sums = new Float64Array(this.names.length);
    this.columns = keep > 0 ? this.names.map(() => new Float64Array(keep)) : undefined;
  }

  /** Adds the user at `position` of the users divided by. */
  add(position: number, hits: readonly number[], relevant: number, aucValue?: number): void {
    let at = 0;
    for (const k of this.ks) {
      for (const metric of this.metrics) this.addValue(at++, position, metric(hits, relevant, k));
    }
    if (aucValue !== undefined) this.addValue(at, position, aucValue);
  }

  /** Sums divided by the number of users. */
  means(users: number): Record<string, number> {
    return Object.fromEntries(this.names.map((name, at) => [name, this.sums[at]! / users]));
  }

  perUser(users: Int32Array): PerUser | undefined {
    const { columns } = this;
    return columns && { users, columns: Object.fromEntries(this.names.map((name, at) => [name, columns[at]!])) };
  }

  private addValue(at: number, position: number, value: number): void {
    this.sums[at]! += value;
    if (this.columns) this.columns[at]![position] = value;
  }
}
