import type { RankingEngine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import type { Neighbors } from '../neighbors/neighbors.ts';
import { type SimilarOptions, togetherWith } from './similar-items.ts';
import { inverseNorms, nearestRows } from './vectors.ts';

type Ranked = Generator<void, { readonly item: number; readonly score: number }[]>;

/** The items and users of a model that are like one of them. */
export class SimilarRows {
  readonly #engine: RankingEngine;
  readonly #neighbors: Neighbors | undefined;
  /** 1/‖row‖ of the embeddings, computed on first use. */
  #inverse: { users?: Float64Array; items?: Float64Array } = {};

  constructor(engine: RankingEngine, neighbors: Neighbors | undefined) {
    this.#engine = engine;
    this.#neighbors = neighbors;
  }

  /** The `k` items most like an item, by row. @param wanted the only items to return; absent: all. @throws TaurecError `no-neighbors` for `together` without a neighbour term */
  itemsInSteps(item: number, k: number, by: SimilarOptions['by'], wanted?: { has(item: number): boolean }): Ranked {
    if (by !== 'together') return nearestRows(this.#engine.items, this.#norms('items'), item, k, wanted);
    if (!this.#neighbors) throw new TaurecError('no-neighbors');
    return togetherWith(this.#neighbors.votes, item, k, wanted);
  }

  /** The `k` users with the largest cosines with a user, by row. */
  usersInSteps(user: number, k: number): Ranked {
    return nearestRows(this.#engine.users, this.#norms('users'), user, k);
  }

  #norms(table: 'users' | 'items'): Float64Array {
    this.#inverse[table] ??= inverseNorms(this.#engine[table]);
    return this.#inverse[table];
  }
}
