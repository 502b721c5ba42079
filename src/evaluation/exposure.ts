import type { Csr } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import {
  coverage,
  gini,
  intraListDiversity,
  itemPopularity,
  listMean,
  selfInformation,
  unitRows,
} from './beyond-accuracy.ts';

/** Names of the metrics of all lists together, in the order of every report. */
export const exposureMetricNames = ['coverage', 'gini', 'popularity', 'novelty', 'diversity'] as const;

/**
 * Sums what the lists show, over the ranked users under either protocol: `coverage@K` and `gini@K` over all items; `popularity@K`, `novelty@K`
 * (means over the users whose list is not empty, of the list's mean) and `diversity@K` (over lists of two items and more).
 */
export class ExposureTally {
  private readonly tallies: readonly CutoffTally[];
  private readonly popularity: Int32Array;
  private readonly novelty: Float64Array;
  private readonly unit: Float32Array | undefined;
  private readonly dimension: number;

  /** @param embeddings [items × dimension] for the diversity of lists; absent: no diversity. */
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

  /** Adds one user's list of `length` items. */
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

interface CutoffTally {
  readonly k: number;
  readonly exposure: Uint32Array;
  popularity: number;
  novelty: number;
  lists: number;
  diversity: number;
  pairedLists: number;
}
