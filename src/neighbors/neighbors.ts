import { type Csr, csrDegree, csrEntry } from '../array/csr.ts';
import { firstNotFinite } from '../array/finite.ts';
import { sharedFloat32, sharedInt32 } from '../array/shared.ts';

/** The kinds of weights that two items can have for each other. */
export const neighborKinds = ['cosine', 'ridge'] as const;
/** `cosine`: the similarity of the items' users. `ridge`: a sparse linear model of the nearest items. */
export type NeighborKind = (typeof neighborKinds)[number];

/** The largest K. A ridge of K neighbours costs K³/3 operations an item. */
export const MOST_NEIGHBORS = 200;

/** The numbers that S and its part in the score were made with. */
export interface NeighborSettings {
  readonly kind: NeighborKind;
  /** K: the most neighbours of an item. */
  readonly size: number;
  /** a in [0, 1] (`Nearness.exponent`). */
  readonly exponent: number;
  /** h ≥ 0, in users (`Nearness.shrink`). */
  readonly shrink: number;
  /** r > 0, in users; only of kind `ridge`. */
  readonly ridge?: number;
  /** β > 0, in the units of the scores. */
  readonly beta: number;
}

/** The neighbour term of a model: S and its part in the score. */
export interface Neighbors extends NeighborSettings {
  /**
   * [items × items] S by liked item: row j has S_ij for every item i that has j among its neighbours. (The transpose of S, because lists are made from liked items.)
   */
  readonly votes: Csr;
}

/** The numbers of a term without its weights. */
export function settingsOf({ votes: _votes, ...settings }: Neighbors): NeighborSettings {
  return settings;
}

/** How the neighbour term was chosen; can be written as JSON. */
export interface NeighborChoice {
  /** The numbers of the term; absent: no term is better. */
  readonly settings?: NeighborSettings;
  /** c of the popularity prior, chosen again with the term where it is `'auto'`. */
  readonly popularityPrior: number;
  /** Validation metrics of the chosen epoch with the chosen term, and those without any term. Absent without a validation part: the settings are fixed. */
  readonly valid?: {
    readonly with: Readonly<Record<string, number>>;
    readonly without: Readonly<Record<string, number>>;
  };
  /** Numbers tried, each S with its best β and the value of the validation metric. */
  readonly trials: readonly (NeighborSettings & { readonly value: number })[];
  readonly seconds: number;
}

/** What is wrong with the numbers of a term that come from a file; undefined when nothing is. */
export function neighborsProblem({ votes, beta }: Neighbors): string | undefined {
  if (!Number.isFinite(beta)) return `beta: ${beta}, expected a finite number`;
  const at = firstNotFinite(votes.values!);
  return at < 0 ? undefined : `entry ${at}: ${votes.values![at]}, expected a finite number`;
}

const NONE = new Int32Array(0);

/** What the neighbour term of a person is computed from. */
export interface Likes {
  /** P, distinct items; absent: none. */
  readonly liked?: Int32Array;
  /** The part of β that counts, default 1. */
  readonly strength?: number;
}

/** Items that a new person gives at which the term has half its strength. */
const HALF_STRENGTH = 200;

/**
 * The strength of the term for a new person with n liked items: n / (n + 200).
 * β is chosen for people whose items the embeddings were trained on, and corrects what that training did to the items they do not have. The embedding of a new person needs less of it (docs/decisions/051-neighbours.md).
 */
export function newPersonStrength(n: number): number {
  return n / (n + HALF_STRENGTH);
}

/**
 * Computes the neighbour term of people:
 *
 *     β·g_i = strength · β · |P|^(−1/2) · Σ_{j∈P} S_ij
 *
 * P are the liked items; without any the term is 0. It is rounded to a 32-bit float.
 */
export class NeighborTerm {
  readonly #votes: Csr;
  readonly #beta: number;
  /** [items] sums in work; 0 outside of `rows`. */
  readonly #sums: Float64Array;
  /** A bit for each item whose sum is in work. */
  readonly #touched: Uint32Array;

  constructor({ votes, beta }: Pick<Neighbors, 'votes' | 'beta'>) {
    this.#votes = votes;
    this.#beta = beta;
    this.#sums = new Float64Array(votes.columns);
    this.#touched = new Uint32Array((votes.columns + 31) >>> 5);
  }

  /** [people × items] the term of each person, with the items that have an entry of S for it. */
  rows(people: readonly Likes[]): Csr {
    const { columns } = this.#votes;
    const offsets = sharedInt32(people.length + 1);
    let room = 0;
    for (const { liked = NONE } of people) room += Math.min(columns, this.#entries(liked));
    const indices = sharedInt32(room);
    const values = sharedFloat32(room);
    let end = 0;
    people.forEach((person, q) => {
      end = this.#put(person, indices, values, end);
      offsets[q + 1] = end;
    });
    return {
      rows: people.length,
      columns,
      offsets,
      indices: indices.subarray(0, end),
      values: values.subarray(0, end),
    };
  }

  /** The parts strength · β · |P|^(−1/2) · S_ij of an item's term, for every liked item j with one. Their sum is the term. */
  *parts(person: Likes, item: number): Generator<{ readonly item: number; readonly value: number }> {
    const scale = this.#scale(person);
    for (const j of person.liked ?? NONE) {
      const at = csrEntry(this.#votes, j, item);
      if (at >= 0) yield { item: j, value: scale * this.#votes.values![at]! };
    }
  }

  /** The term of one item. */
  of(person: Likes, item: number): number {
    let sum = 0;
    for (const j of person.liked ?? NONE) {
      const at = csrEntry(this.#votes, j, item);
      if (at >= 0) sum += this.#votes.values![at]!;
    }
    return Math.fround(this.#scale(person) * sum);
  }

  #scale({ liked = NONE, strength = 1 }: Likes): number {
    return liked.length === 0 ? 0 : (strength * this.#beta) / Math.sqrt(liked.length);
  }

  #entries(list: Int32Array): number {
    let entries = 0;
    for (const j of list) entries += csrDegree(this.#votes, j);
    return entries;
  }

  /** Writes the term of a person, ascending by item, from `at` on; returns the end. */
  #put(person: Likes, indices: Int32Array, values: Float32Array, at: number): number {
    const { offsets, indices: voted, values: weights } = this.#votes;
    const sums = this.#sums;
    const touched = this.#touched;
    for (const j of person.liked ?? NONE) {
      for (let e = offsets[j]!; e < offsets[j + 1]!; e++) {
        const item = voted[e]!;
        sums[item]! += weights![e]!;
        touched[item >>> 5]! |= 1 << (item & 31);
      }
    }
    const scale = this.#scale(person);
    let end = at;
    for (let word = 0; word < touched.length; word++) {
      for (let bits = touched[word]!; bits !== 0; bits &= bits - 1) {
        const item = (word << 5) + 31 - Math.clz32(bits & -bits);
        indices[end] = item;
        values[end++] = scale * sums[item]!;
        sums[item] = 0;
      }
      touched[word] = 0;
    }
    return end;
  }
}
