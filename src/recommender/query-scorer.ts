import { type Csr, csrEntry } from '../array/csr.ts';
import { type AnyMatrix, rowFrom } from '../array/half-matrix.ts';
import type { ScoreKind } from '../engine/engine.ts';
import type { Likes, NeighborTerm } from '../neighbors/neighbors.ts';
import { scoreOf } from './vectors.ts';

/** A user to rank items for. */
export interface Query extends Likes {
  /** [d] */
  readonly embedding: Float32Array;
  /** Items to leave out in addition to those of the filter; ascending. */
  readonly seen: Int32Array;
}

/** The properties of a model that decide its scores. */
export interface ScoredModel {
  readonly score: ScoreKind;
  /** [items] b_i; absent: 0. */
  readonly itemBias?: Float32Array;
  /** Absent: none. */
  readonly term?: NeighborTerm;
}

/**
 * The scores of single items for one query, as the engines compute them in a ranking:
 *
 *     s(u, v_i) + b_i + β·g_i
 *
 * rounded to a 32-bit float after each step.
 */
export class QueryScorer {
  readonly #items: AnyMatrix;
  readonly #model: ScoredModel;
  readonly #embedding: Float32Array;
  /** [1 × items] the neighbour term. */
  readonly additions?: Csr;

  constructor(items: AnyMatrix, model: ScoredModel, query: Omit<Query, 'seen'>) {
    this.#items = items;
    this.#model = model;
    this.#embedding = query.embedding;
    this.additions = query.liked && model.term?.rows([query]);
  }

  of(item: number): number {
    const { score, itemBias } = this.#model;
    const plain = scoreOf(score, this.#embedding, rowFrom(this.#items, item));
    return Math.fround(Math.fround(plain + (itemBias?.[item] ?? 0)) + this.addition(item));
  }

  /** β·g_i */
  addition(item: number): number {
    const at = this.additions ? csrEntry(this.additions, 0, item) : -1;
    return at < 0 ? 0 : this.additions!.values![at]!;
  }
}
