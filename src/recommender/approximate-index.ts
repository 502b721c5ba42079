import { type Matrix, row } from '../array/matrix.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';
import { BestItems } from './best-items.ts';
import { difference } from './item-filter.ts';
import type { Query, RankedItem } from './list-ranker.ts';
import { biasedScore, inverseNorm, scoreOf } from './vectors.ts';

/** The fewest candidates that a search looks for; more find better ones and take longer. */
const CANDIDATES = 256;
/** The most that a search is asked for; beyond, ranking everything is no slower. */
export const MOST_CANDIDATES = 1000;

/** What is indexed of a model. */
export interface IndexedModel {
  readonly score: ScoreKind;
  readonly itemBias?: Float32Array;
}

/** What a package for nearest vectors offers: keys of the `count` vectors with the largest inner product, or nearly. */
export interface VectorIndex {
  search(vector: Float32Array, count: number, threads: number): { readonly keys: BigUint64Array };
}

/** The number of elements of an indexed vector: those of an embedding, and one for the item bias. */
export function indexDimensions({ itemBias }: IndexedModel, columns: number): number {
  return columns + (itemBias ? 1 : 0);
}

/**
 * The vectors whose inner products with the query (u, 1) are the scores: x_i = (v_i, b_i), with v_i the item's direction for cosines and its embedding for inner products. Where their lengths differ the graph is one of inner products between
 * items (Morozov & Babenko, NeurIPS 2018), which finds the largest ones better than the reduction to nearest vectors of one length.
 */
export class IndexVectors {
  readonly dimensions: number;
  readonly #items: Matrix;
  readonly #model: IndexedModel;

  constructor(items: Matrix, model: IndexedModel) {
    this.dimensions = indexDimensions(model, items.columns);
    this.#items = items;
    this.#model = model;
  }

  /** The vectors of items from `first` up to `end`, one after another. */
  of(first: number, end: number): Float32Array {
    const { columns } = this.#items;
    const { score, itemBias } = this.#model;
    const vectors = new Float32Array((end - first) * this.dimensions);
    for (let item = first, at = 0; item < end; item++, at += this.dimensions) {
      const values = row(this.#items, item);
      const scale = score === 'cosine' ? inverseNorm(values) : 1;
      for (let c = 0; c < columns; c++) vectors[at + c] = values[c]! * scale;
      if (itemBias) vectors[at + columns] = itemBias[item]!;
    }
    return vectors;
  }
}

/**
 * Finds nearly the best items without looking at all of them. A search gives some hundred candidates, whose scores are then computed from the embeddings as everywhere: what may be missed is an item, never its score.
 */
export class ApproximateIndex {
  readonly #index: VectorIndex;
  readonly #model: IndexedModel;

  /** @param index holds the `IndexVectors` of the model's items, by number. */
  constructor(index: VectorIndex, model: IndexedModel) {
    this.#index = index;
    this.#model = model;
  }

  /**
   * The best `k` items that are neither excluded nor seen, or undefined where all items have to be ranked: when k and what is left out are more than 1000 together, and when the search found too few.
   * @param excluded ascending, distinct.
   */
  best(engine: Engine, query: Query, k: number, excluded: Int32Array): RankedItem[] | undefined {
    const out = [...query.seen, ...difference(excluded, query.seen)];
    if (k + out.length > MOST_CANDIDATES) return undefined;
    const { items } = engine;
    const count = Math.min(Math.max(CANDIDATES, k + out.length), items.rows);
    const left = new Set(out);
    const { score, itemBias } = this.#model;
    const best = new BestItems(k);
    let found = 0;
    for (const key of this.#index.search(this.#queryVector(query.embedding), count, 1).keys) {
      const item = Number(key);
      if (left.has(item)) continue;
      found++;
      best.offer(item, biasedScore(scoreOf(score, query.embedding, row(items, item)), itemBias?.[item]));
    }
    return found >= Math.min(k, items.rows - out.length) ? best.take() : undefined;
  }

  /** Of any length: only its direction orders the items. */
  #queryVector(embedding: Float32Array): Float32Array {
    const { score, itemBias } = this.#model;
    const vector = new Float32Array(indexDimensions(this.#model, embedding.length));
    const scale = score === 'cosine' ? inverseNorm(embedding) : 1;
    embedding.forEach((x, c) => {
      vector[c] = x * scale;
    });
    if (itemBias) vector[embedding.length] = 1;
    const unit = inverseNorm(vector);
    return vector.map((x) => x * unit);
  }
}
