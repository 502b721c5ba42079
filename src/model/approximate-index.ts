import { type Matrix, row } from '../array/matrix.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';
import { BestItems } from './best-items.ts';
import { difference } from './item-filter.ts';
import type { Query, RankedItem } from './list-ranker.ts';
import { biasedScore, dot, inverseNorm, scoreOf } from './vectors.ts';

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

/** The number of elements of an indexed vector: those of an embedding, one for the item bias, one that lifts the vectors to one length where they differ in it. */
export function indexDimensions({ score, itemBias }: IndexedModel, columns: number): number {
  return columns + (itemBias ? 1 : 0) + (isLifted({ score, itemBias }) ? 1 : 0);
}

/** True where the vectors of the items differ in length. */
export function isLifted({ score, itemBias }: IndexedModel): boolean {
  return score === 'dot' || itemBias !== undefined;
}

/**
 * The vectors whose inner products with a query vector are in the order of the scores. Of cosines, the directions v_i/‖v_i‖. Otherwise lengths differ, and the graph of a nearest-vector index is no good guide to the largest inner product;
 * so x_i = (v_i, b_i), with v_i the direction for cosines and the embedding for inner products, becomes
 *
 *     (x_i, √(M² − ‖x_i‖²)) / M,  M the largest ‖x_i‖
 *
 * which all have length 1, and the query (u, 1, 0): inner products keep their order (the reduction of maximum inner product search to nearest neighbours; Bachrach et al., RecSys 2014).
 */
export class IndexVectors {
  readonly dimensions: number;
  readonly #items: Matrix;
  readonly #model: IndexedModel;
  readonly #radius: number;

  constructor(items: Matrix, model: IndexedModel) {
    this.dimensions = indexDimensions(model, items.columns);
    this.#items = items;
    this.#model = model;
    this.#radius = isLifted(model) ? this.#longest() : 1;
  }

  /** The vectors of items from `first` up to `end`, one after another. */
  of(first: number, end: number): Float32Array {
    const { columns } = this.#items;
    const lifted = isLifted(this.#model);
    const vectors = new Float32Array((end - first) * this.dimensions);
    for (let item = first, at = 0; item < end; item++, at += this.dimensions) {
      const values = row(this.#items, item);
      const scale = this.#scaleOf(values) / this.#radius;
      for (let c = 0; c < columns; c++) vectors[at + c] = values[c]! * scale;
      const bias = this.#model.itemBias?.[item];
      if (bias !== undefined) vectors[at + columns] = bias / this.#radius;
      if (lifted)
        vectors[at + this.dimensions - 1] = Math.sqrt(Math.max(0, 1 - this.#squareOf(item) / this.#radius ** 2));
    }
    return vectors;
  }

  #scaleOf(values: Float32Array): number {
    return this.#model.score === 'cosine' ? inverseNorm(values) : 1;
  }

  /** ‖x_i‖². */
  #squareOf(item: number): number {
    const values = row(this.#items, item);
    return dot(values, values) * this.#scaleOf(values) ** 2 + (this.#model.itemBias?.[item] ?? 0) ** 2;
  }

  #longest(): number {
    let most = 0;
    for (let item = 0; item < this.#items.rows; item++) most = Math.max(most, this.#squareOf(item));
    return Math.sqrt(most) || 1;
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
