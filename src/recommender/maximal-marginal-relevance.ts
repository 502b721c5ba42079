import { type Matrix, row } from '../array/matrix.ts';
import type { RankedItem } from './list-ranker.ts';
import { inverseNorm } from './vectors.ts';

/** The most candidates that are compared with one another, and so the most places that are filled by comparing. */
const MOST = 1000;

/** How many of the best candidates a list of `k` items is chosen from: max(5k, 100), at most 1000, at least k. */
export function candidateCount(k: number): number {
  return Math.max(k, Math.min(Math.max(5 * k, 100), MOST));
}

/**
 * Chooses lists that do not say the same thing twice, by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): of the candidates it takes, one place after another, the one with the largest
 *
 *     (1 − δ) · r_i − δ · max over items j already taken of cos(v_i, v_j)
 *
 * r_i is the candidate's score moved to [0, 1]: 1 for the best candidate, 0 for the last, in proportion between. Scores of a model have any scale (cosines of .6 to .7, inner products of 3 to 12), and only their
 * differences within the pool order the list; similarities of items that one person may like mostly lie in [0, 1] too. So one δ means about the same for every model. The first place is always the best
 * candidate's; ties go to the candidate that ranked before.
 *
 * Cost: candidates × k × d. Where k is above 1000 only the first 1000 candidates change places; the rest follow as they ranked.
 */
export class MarginalRelevance {
  readonly #items: Matrix;
  /** Directions of the candidates, a row each; kept from call to call. */
  #directions = new Float64Array(0);
  readonly #relevance = new Float64Array(MOST);
  /** The largest cosine with an item that was taken; −Infinity stands for none. */
  readonly #nearest = new Float64Array(MOST);
  readonly #taken = new Uint8Array(MOST);

  /** @param items [items × d] embeddings that similarity is measured by. */
  constructor(items: Matrix) {
    this.#items = items;
  }

  /**
   * Fills `k` places, or as many as there are candidates.
   * @param candidates best first.
   * @param diversity δ in [0, 1].
   */
  pick(candidates: readonly RankedItem[], k: number, diversity: number): RankedItem[] {
    const count = Math.min(candidates.length, MOST);
    const places = Math.min(k, count);
    this.#gather(candidates, count);
    const list: RankedItem[] = [];
    for (let last = -1; list.length < places; ) {
      if (last >= 0) this.#approach(last, count);
      last = this.#best(count, diversity);
      this.#taken[last] = 1;
      list.push(candidates[last]!);
    }
    for (let c = count; c < candidates.length && list.length < k; c++) list.push(candidates[c]!);
    return list;
  }

  #gather(candidates: readonly RankedItem[], count: number): void {
    const d = this.#items.columns;
    if (this.#directions.length < count * d) this.#directions = new Float64Array(count * d);
    const best = candidates[0]?.score ?? 0;
    const range = best - (candidates[count - 1]?.score ?? 0);
    for (let c = 0; c < count; c++) {
      const { item, score } = candidates[c]!;
      const values = row(this.#items, item);
      const scale = inverseNorm(values);
      for (let x = 0, at = c * d; x < d; x++) this.#directions[at++] = values[x]! * scale;
      this.#relevance[c] = range > 0 ? 1 - (best - score) / range : 1;
    }
    this.#nearest.fill(-Infinity, 0, count);
    this.#taken.fill(0, 0, count);
  }

  /** Takes candidate `last` into account in what the others are nearest to. */
  #approach(last: number, count: number): void {
    const d = this.#items.columns;
    const directions = this.#directions;
    for (let c = 0; c < count; c++) {
      if (this.#taken[c]) continue;
      let cosine = 0;
      for (let x = 0, at = c * d, own = last * d; x < d; x++) cosine += directions[own++]! * directions[at++]!;
      if (cosine > this.#nearest[c]!) this.#nearest[c] = cosine;
    }
  }

  #best(count: number, diversity: number): number {
    let best = -1;
    let most = -Infinity;
    for (let c = 0; c < count; c++) {
      if (this.#taken[c]) continue;
      const nearest = this.#nearest[c]!;
      const value = (1 - diversity) * this.#relevance[c]! - (nearest === -Infinity ? 0 : diversity * nearest);
      if (best >= 0 && value <= most) continue;
      best = c;
      most = value;
    }
    return best;
  }
}
