import { BestItems } from '../array/best-items.ts';
import { type AnyMatrix, rowFrom } from '../array/half-matrix.ts';
import type { Likes } from '../neighbors/neighbors.ts';
import type { ScoredModel } from './query-scorer.ts';
import { inverseNorm } from './vectors.ts';

/** The part of one liked item in a score. */
export interface LikedPart {
  /** The liked item's index in the model. */
  readonly item: number;
  /** strength · β · |P|^(−1/2) · S_ij; 0 where the two are no neighbours. */
  readonly neighbor: number;
  /** Its share of the embedding part. */
  readonly embedding: number;
}

/** A score as a sum: the parts of the liked items, what none of them takes of the embedding part, and the bias. */
export interface ScoreSum {
  /** The liked items with the largest parts, largest first; ties to the lower item. */
  readonly liked: readonly LikedPart[];
  /** The sum of the parts of all other liked items. */
  readonly others: number;
  readonly embedding: number;
  readonly bias: number;
}

/**
 * Takes the scores of one person apart, into the parts of the items P that they like:
 *
 *     score(u, i) = Σ_{j∈P} ( strength·β·|P|^(−1/2)·S_ij + e_j ) + e + b_i
 *
 * The neighbour parts and the bias b_i are exact. The embedding part, score − bias − neighbour parts, is one number; how it is shared among the liked items is a rule: e_j ∝ max(0, cos(v_i, v_j)). Where no cosine is positive it
 * stays whole, as e.
 */
export class ScoreParts {
  readonly #items: AnyMatrix;
  readonly #model: ScoredModel;
  readonly #liked: Int32Array;
  readonly #likes: Likes;
  /** [P × d] directions of the liked items; length 0 for an item without one. */
  readonly #directions: Float64Array;
  /** [P] parts of the neighbour term, and cosines, of the item in work: made once, because a list has up to thousands of items. */
  readonly #neighbor: Float64Array;
  readonly #weights: Float64Array;

  /** @param likes P ascending, distinct */
  constructor(items: AnyMatrix, model: ScoredModel, likes: Likes) {
    const { liked = new Int32Array(0) } = likes;
    const d = items.columns;
    this.#items = items;
    this.#model = model;
    this.#liked = liked;
    this.#likes = likes;
    this.#directions = new Float64Array(liked.length * d);
    this.#neighbor = new Float64Array(liked.length);
    this.#weights = new Float64Array(liked.length);
    liked.forEach((item, at) => {
      const values = rowFrom(items, item);
      const scale = inverseNorm(values);
      for (let c = 0; c < d; c++) this.#directions[at * d + c] = values[c]! * scale;
    });
  }

  /** Products of two numbers that `of` computes. */
  get work(): number {
    return this.#directions.length;
  }

  /** The parts of an item's score, the `count` largest of liked items by themselves. */
  of(item: number, score: number, count: number): ScoreSum {
    const liked = this.#liked;
    const bias = this.#model.itemBias?.[item] ?? 0;
    const neighbor = this.#neighbor;
    let neighbors = 0;
    if (this.#model.term) {
      neighbor.fill(0);
      // The parts come in the order of the liked items.
      let at = 0;
      for (const part of this.#model.term.parts(this.#likes, item)) {
        while (liked[at] !== part.item) at++;
        neighbor[at] = part.value;
        neighbors += part.value;
      }
    }
    const whole = score - bias - neighbors;
    const weights = this.#cosines(item);
    let total = 0;
    for (let at = 0; at < weights.length; at++) total += weights[at]!;
    // The largest parts by their places: a list of many parts would cost more than the products.
    const best = new BestItems(Math.min(count, liked.length));
    const share = total > 0 ? whole / total : 0;
    let others = 0;
    for (let at = 0; at < liked.length; at++) {
      const part = neighbor[at]! + share * weights[at]!;
      if (weights[at]! > 0 || neighbor[at] !== 0) best.offer(at, part);
      others += part;
    }
    const parts = best.take().map(({ item: at }): LikedPart => {
      const embedding = weights[at]! > 0 ? share * weights[at]! : 0;
      return { item: liked[at]!, neighbor: neighbor[at]!, embedding };
    });
    // With all parts taken nothing is left, not even by rounding.
    const isWhole = count >= liked.length;
    for (const part of parts) others -= part.neighbor + part.embedding;
    return { liked: parts, others: isWhole ? 0 : others, embedding: total > 0 ? 0 : whole, bias };
  }

  /** [P] max(0, cos(v_i, v_j)). */
  #cosines(item: number): Float64Array {
    const values = rowFrom(this.#items, item);
    const scale = inverseNorm(values);
    const d = values.length;
    const directions = this.#directions;
    const cosines = this.#weights;
    for (let at = 0, e = 0; at < cosines.length; at++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += values[c]! * directions[e++]!;
      cosines[at] = Math.max(0, sum * scale);
    }
    return cosines;
  }
}
