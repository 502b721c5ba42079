import { BestItems } from '../array/best-items.ts';
import { type AnyMatrix, rowFrom } from '../array/half-matrix.ts';
import type { RankingEngine, ScoreKind } from '../engine/engine.ts';
import { difference, type ItemFilter } from './item-filter.ts';
import type { RankedItem } from './list-ranker.ts';
import { type Query, QueryScorer, type ScoredModel } from './query-scorer.ts';
import { inverseNorm } from './vectors.ts';

/** The fewest candidates that a search asks for. More candidates raise the recall and take longer. */
const CANDIDATES = 256;
/** The most candidates that a search asks for. Beyond this, ranking all items exactly is no slower. */
export const MOST_CANDIDATES = 1000;

/** Candidates of a filtered search, as a multiple of those among which k items pass on average. */
const FILTERED = 2;

/** The properties of a model that decide what its index holds. */
export interface IndexedModel {
  readonly score: ScoreKind;
  /** [items] */
  readonly itemBias?: Float32Array;
}

/** A library's index of vectors. */
export interface VectorIndex {
  /** The keys of (approximately) the `count` vectors with the largest inner products with `vector`. */
  search(vector: Float32Array, count: number, threads: number): { readonly keys: BigUint64Array };
}

/** The length of an indexed vector: that of an embedding (`columns`), plus one if the model has item biases. */
export function indexDimensions({ itemBias }: IndexedModel, columns: number): number {
  return columns + (itemBias ? 1 : 0);
}

/**
 * The vectors to index. Item i becomes x_i = (v_i, b_i), so that its inner product with the query (u, 1) is its score. v_i is the item's direction (cosine scores) or its embedding (inner products); b_i is its bias.
 *
 * If the vectors have different lengths, the index links items by their inner products (Morozov & Babenko, NeurIPS 2018). This finds the largest inner products better than padding all vectors to one length and searching by distance.
 */
export class IndexVectors {
  readonly dimensions: number;
  readonly #items: AnyMatrix;
  readonly #model: IndexedModel;

  constructor(items: AnyMatrix, model: IndexedModel) {
    this.dimensions = indexDimensions(model, items.columns);
    this.#items = items;
    this.#model = model;
  }

  /** The vectors of items `first` … `end` − 1, concatenated: [(end − first) × dimensions]. */
  of(first: number, end: number): Float32Array {
    const { columns } = this.#items;
    const { score, itemBias } = this.#model;
    const vectors = new Float32Array((end - first) * this.dimensions);
    for (let item = first, at = 0; item < end; item++, at += this.dimensions) {
      const values = rowFrom(this.#items, item);
      const scale = score === 'cosine' ? inverseNorm(values) : 1;
      for (let c = 0; c < columns; c++) vectors[at + c] = values[c]! * scale;
      if (itemBias) vectors[at + columns] = itemBias[item]!;
    }
    return vectors;
  }
}

/**
 * Finds approximately the best items without scoring all of them. A search returns a few hundred candidates; the items with a neighbour term join them, because the index knows embeddings and biases only. Their scores are then computed exactly. So a list may miss an item, but its scores are always exact.
 */
export class ApproximateIndex {
  readonly #index: VectorIndex;
  readonly #model: ScoredModel;
  readonly #indexed: number;

  /**
   * @param index holds the `IndexVectors` of the model's items; keys are item indices.
   * @param indexed the number of these items: those after them, which only the catalogue has, are candidates of every search
   */
  constructor(index: VectorIndex, model: ScoredModel, indexed = Infinity) {
    this.#index = index;
    this.#model = model;
    this.#indexed = indexed;
  }

  /**
   * The best `k` items that are neither excluded nor seen. Returns undefined when the caller has to rank all items instead: when k plus the number of items left out exceeds 1000, and when the search found fewer than k items
   * although more exist.
   * With a filter by attributes the search asks for as many candidates as k of them are likely to pass.
   * @param excluded ascending, distinct
   * @param scored the scores of all items. Default: the model that was indexed
   */
  best(
    engine: RankingEngine,
    query: Query,
    k: number,
    { excluded, where }: Pick<ItemFilter, 'excluded' | 'where'>,
    scored: ScoredModel = this.#model,
  ): RankedItem[] | undefined {
    const out = [...query.seen, ...difference(excluded, query.seen)];
    const { items } = engine;
    // In the worst case every item to leave out is among the best: ask for more than those.
    const least = Math.ceil(where ? (FILTERED * k * items.rows) / Math.max(1, where.count) : k) + out.length;
    if (least > MOST_CANDIDATES) return undefined;
    const count = Math.min(Math.max(CANDIDATES, least), items.rows, this.#indexed);
    const left = new Set(out);
    const scorer = new QueryScorer(items, scored, query);
    const best = new BestItems(k);
    const candidates = new Set(scorer.additions?.indices);
    for (const key of this.#index.search(this.#queryVector(query.embedding), count, 1).keys)
      candidates.add(Number(key));
    for (let item = this.#indexed; item < items.rows; item++) candidates.add(item);
    let found = 0;
    for (const item of candidates) {
      if (left.has(item) || (where && !where.has(item))) continue;
      found++;
      best.offer(item, scorer.of(item));
    }
    const remaining = where ? where.count - out.filter((item) => where.has(item)).length : items.rows - out.length;
    return found >= Math.min(k, remaining) ? best.take() : undefined;
  }

  /** The query (u, 1), or u without item biases, scaled to length 1: its length does not change the order of the items. */
  #queryVector(embedding: Float32Array): Float32Array {
    const { score, itemBias } = this.#model;
    const vector = new Float32Array(indexDimensions(this.#model, embedding.length));
    // A bias is added to the cosine, so u must have length 1 before the 1 is appended.
    const scale = score === 'cosine' ? inverseNorm(embedding) : 1;
    embedding.forEach((x, c) => {
      vector[c] = x * scale;
    });
    if (itemBias) vector[embedding.length] = 1;
    const unit = inverseNorm(vector);
    return vector.map((x) => x * unit);
  }
}
