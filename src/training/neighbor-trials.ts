import { BestItems } from '../array/best-items.ts';
import { type Csr, csrHas, csrRow } from '../array/csr.ts';
import { row } from '../array/matrix.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';
import { embeddingRanker, type UserRanker } from '../evaluation/rankers.ts';
import { NeighborTerm } from '../neighbors/neighbors.ts';
import { inverseNorm } from '../recommender/vectors.ts';

/** Places of the list without the term from which a list with it is made. */
const PLACES = 200;

/** The best items of the validation users without the term. */
interface BaseLists {
  readonly places: number;
  /** [users × places] −1 and −Infinity where there are fewer. */
  readonly items: Int32Array;
  readonly scores: Float32Array;
}

/**
 * Lists of the validation users with neighbour terms that differ, without ranking the catalogue for each: the term changes the scores of a few hundred items of a user, so a list is
 * made from the `PLACES` best items without the term and from the items whose score it changes. It is the exact list, unless negative weights push more than `PLACES` − k of a user's best items down.
 */
export class NeighborTrials {
  readonly #engine: Engine;
  readonly #score: ScoreKind;
  readonly #train: Csr;
  readonly #itemBias?: Float32Array;
  readonly #base = new Map<number, BaseLists>();
  #inverse?: Float64Array;

  constructor(engine: Engine, score: ScoreKind, train: Csr, itemBias?: Float32Array) {
    this.#engine = engine;
    this.#score = score;
    this.#train = train;
    this.#itemBias = itemBias;
  }

  /** A ranker for each β of one S, by liked item. */
  rankers(votes: Csr): (beta: number) => UserRanker {
    const term = new NeighborTerm({ votes, beta: 1 });
    // by first user of a block: the term at β = 1 and the scores without it
    const known = new Map<number, { readonly additions: Csr; readonly scores: Float32Array }>();
    return (beta) => ({
      items: this.#engine.items.rows,
      rankUsers: (users, k, excluded) => {
        const key = users[0]!;
        const base = this.#baseLists(users, k, excluded);
        let block = known.get(key);
        if (!block) {
          const additions = term.rows(Array.from(users, (user) => csrRow(this.#train, user)));
          block = { additions, scores: this.#scores(users, additions) };
          known.set(key, block);
        }
        return merged(base, block.additions, block.scores, beta, k, excluded);
      },
    });
  }

  #baseLists(users: Int32Array, k: number, excluded: Csr): BaseLists {
    const known = this.#base.get(users[0]!);
    if (known) return known;
    const places = Math.min(this.#engine.items.rows, Math.max(PLACES, 2 * k));
    const ranker = embeddingRanker(this.#engine, this.#itemBias);
    const lists = { places, ...ranker.rankUsers(users, places, excluded) };
    this.#base.set(users[0]!, lists);
    return lists;
  }

  /** The score without the term of every entry of `additions`. */
  #scores(users: Int32Array, additions: Csr): Float32Array {
    const { users: userRows, items } = this.#engine.finals;
    const cosine = this.#score === 'cosine';
    this.#inverse ??= Float64Array.from({ length: items.rows }, (_, i) => (cosine ? inverseNorm(row(items, i)) : 1));
    const scores = new Float32Array(additions.indices.length);
    const d = items.columns;
    users.forEach((user, q) => {
      const values = row(userRows, user);
      const scale = cosine ? inverseNorm(values) : 1;
      const query = Float64Array.from(values, (x) => x * scale);
      for (let e = additions.offsets[q]!; e < additions.offsets[q + 1]!; e++) {
        const item = additions.indices[e]!;
        let sum = 0;
        for (let c = 0, at = item * items.stride; c < d; c++, at++) sum += query[c]! * items.data[at]!;
        scores[e] = sum * this.#inverse![item]! + (this.#itemBias?.[item] ?? 0);
      }
    });
    return scores;
  }
}

/** The best `k` of the base lists and of the items with an addition, whose scores change by β times it. */
function merged(
  { places, items, scores }: BaseLists,
  additions: Csr,
  plain: Float32Array,
  beta: number,
  k: number,
  excluded: Csr,
) {
  const count = additions.rows;
  const result = { items: new Int32Array(count * k).fill(-1), scores: new Float32Array(count * k).fill(-Infinity) };
  const best = new BestItems(k);
  for (let q = 0; q < count; q++) {
    for (let at = q * places; at < (q + 1) * places && items[at]! >= 0; at++)
      if (!csrHas(additions, q, items[at]!)) best.offer(items[at]!, scores[at]!);
    const out = csrRow(excluded, q);
    for (let e = additions.offsets[q]!, x = 0; e < additions.offsets[q + 1]!; e++) {
      const item = additions.indices[e]!;
      while (x < out.length && out[x]! < item) x++;
      if (out[x] === item) continue;
      best.offer(item, Math.fround(plain[e]! + Math.fround(beta * additions.values![e]!)));
    }
    best.take().forEach(({ item, score }, place) => {
      result.items[q * k + place] = item;
      result.scores[q * k + place] = score;
    });
  }
  return result;
}
