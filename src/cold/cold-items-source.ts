import type { Csr } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Neighbors } from '../neighbors/neighbors.ts';

/** The parts of a model that the regression is computed from. U users, I items, d dimensions. */
export interface ColdItemsSource {
  readonly score: 'cosine' | 'dot';
  /** [U, d] */
  readonly users: Matrix;
  /** [I, d] */
  readonly items: Matrix;
  /** [I] */
  readonly itemBias?: Float32Array;
  /** [I] users with the item. */
  readonly popularity: Int32Array;
  readonly catalogue: Catalogue;
  /** The neighbour term; absent: none. */
  readonly neighbors?: Neighbors;
  /** [U × I] the items that each user has seen, and those of them that the model was trained on. */
  readonly seen: Csr;
  readonly trained: Csr;
}
