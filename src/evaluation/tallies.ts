import type { Csr } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import type { ExtraMetrics } from './custom-metrics.ts';
import {
  coverage,
  gini,
  intraListDiversity,
  itemPopularity,
  listMean,
  type RankMetric,
  rankMetricNames,
  rankMetrics,
  selfInformation,
  unitRows,
} from './metrics.ts';

/**
 * Sums exposure metrics over the ranked users, the same under every protocol: `coverage@K` and `gini@K` over all items, `popularity@K` and `novelty@K` as
 * means over non-empty lists of the list's mean, and `diversity@K` as mean over lists of at least two items.
 */
export class ExposureTally {
  private readonly tallies: readonly CutoffTally[];
  private readonly popularity: Int32Array;
  private readonly novelty: Float64Array;
  private readonly unit: Float32Array | undefined;
  private readonly dimension: number;

  /** @param embeddings [items × dimension] for `diversity@K`, which is left out without them. */
  constructor(ks: readonly number[], train: Csr, embeddings?: Matrix) {
    this.popularity = itemPopularity(train);
    this.novelty = selfInformation(this.popularity, train.rows);
    this.unit = embeddings && unitRows(embeddings);
    this.dimension = embeddings?.columns ?? 0;
    this.tallies = ks.map((k) => {
      return {
        k,
        exposure: new Uint32Array(train.columns),
        popularity: 0,
        novelty: 0,
        lists: 0,
        diversity: 0,
        pairedLists: 0,
      };
    });
  }

  /** Adds one user's list, of which the first `length` entries are items. */
  add(list: Int32Array, length: number): void {
    for (const tally of this.tallies) {
      const n = Math.min(length, tally.k);
      for (let p = 0; p < n; p++) tally.exposure[list[p]!]!++;
      if (n > 0) {
        tally.lists++;
        tally.popularity += listMean(list, n, this.popularity);
        tally.novelty += listMean(list, n, this.novelty);
      }
      if (this.unit && n > 1) {
        tally.pairedLists++;
        tally.diversity += intraListDiversity(list, n, this.unit, this.dimension);
      }
    }
  }

  /** The metrics at every cutoff. Without any list, means are 0. */
  metrics(): Record<string, number> {
    const metrics: Record<string, number> = {};
    for (const tally of this.tallies) {
      metrics[`coverage@${tally.k}`] = coverage(tally.exposure);
      metrics[`gini@${tally.k}`] = gini(tally.exposure);
      metrics[`popularity@${tally.k}`] = tally.popularity / Math.max(1, tally.lists);
      metrics[`novelty@${tally.k}`] = tally.novelty / Math.max(1, tally.lists);
      if (this.unit) metrics[`diversity@${tally.k}`] = tally.diversity / Math.max(1, tally.pairedLists);
    }
    return metrics;
  }
}

/** Sums at one cutoff. */
interface CutoffTally {
  readonly k: number;
  /** [items] number of lists with each item. */
  readonly exposure: Uint32Array;
  popularity: number;
  novelty: number;
  lists: number;
  diversity: number;
  pairedLists: number;
}

/** One number per user and metric, for significance tests. A metric is the mean of its column. */
export interface PerUser {
  /** [users] ascending indices of the users by whose number sums are divided. */
  readonly users: Int32Array;
  /** By metric: [users] the user's number, in the order of `users`; 0 for users that were not ranked. */
  readonly columns: Readonly<Record<string, Float64Array>>;
}

/** Sums accuracy metrics over users, in the order in which users are added. */
export class AccuracyTally {
  /** Names of all metrics: `name@k`, cutoff by cutoff, then `auc`. */
  readonly names: readonly string[];
  private readonly metrics: readonly RankMetric[];
  private readonly ks: readonly number[];
  private readonly sums: Float64Array;
  private readonly columns: Float64Array[] | undefined;

  /**
   * @param keep Number of users whose values are kept; 0 keeps none.
   * @param extra Checked custom metrics.
   */
  constructor(ks: readonly number[], withAuc: boolean, keep: number, extra: ExtraMetrics = {}) {
    this.ks = ks;
    const names = [...rankMetricNames, ...Object.keys(extra)];
    this.metrics = [...rankMetricNames.map((name) => rankMetrics[name]), ...Object.values(extra)];
    this.names = [...ks.flatMap((k) => names.map((name) => `${name}@${k}`)), ...(withAuc ? ['auc'] : [])];
    this.sums = new Float64Array(this.names.length);
    this.columns = keep > 0 ? this.names.map(() => new Float64Array(keep)) : undefined;
  }

  /** Adds a user. @param position Index of the user among those by whose number sums are divided. @param hits 0-based positions of hits, ascending. @param relevant |T_u|. */
  add(position: number, hits: readonly number[], relevant: number, aucValue?: number): void {
    let at = 0;
    for (const k of this.ks) {
      for (const metric of this.metrics) this.addValue(at++, position, metric(hits, relevant, k));
    }
    if (aucValue !== undefined) this.addValue(at, position, aucValue);
  }

  /** The sums divided by the number of users. */
  means(users: number): Record<string, number> {
    return Object.fromEntries(this.names.map((name, at) => [name, this.sums[at]! / users]));
  }

  /** The kept values; undefined if none are kept. @param users [users] indices, in the order of `position`. */
  perUser(users: Int32Array): PerUser | undefined {
    const { columns } = this;
    return columns && { users, columns: Object.fromEntries(this.names.map((name, at) => [name, columns[at]!])) };
  }

  private addValue(at: number, position: number, value: number): void {
    this.sums[at]! += value;
    if (this.columns) this.columns[at]![position] = value;
  }
}
