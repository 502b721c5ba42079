import { BestItems } from '../array/best-items.ts';
import { type Csr, csrHas, csrRow } from '../array/csr.ts';
import { row } from '../array/matrix.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';
import { embeddingRanker, type UserRanker } from '../evaluation/rankers.ts';
import { NeighborTerm } from '../neighbors/neighbors.ts';
import { inverseNorm } from '../recommender/vectors.ts';

/** Places of the list without the term from which a list with it is made; twice the length of the list if that is more. */
const PLACES = 200;

/** Lists of a block of users, best first. Row q has `places` entries, −1 and −Infinity where there are fewer. */
interface Lists {
  readonly places: number;
  readonly items: Int32Array;
  readonly scores: Float32Array;
}

/** What lists of a block of users have in common for all S with the same entries, whatever their weights. */
interface Block {
  /** The score without the term of every item that the term changes; −Infinity for excluded items. */
  readonly plain: Float32Array;
  /** The best of the items that it does not change. */
  readonly unchanged: Lists;
}

/**
 * Lists of the validation users with neighbour terms that differ, without ranking the catalogue for each: the term changes the scores of a few hundred items of a user, so a list is
 * made from the `PLACES` best items without the term and from the items whose score it changes. It is the exact list, unless negative weights push more than `PLACES` − k of a user's best items down.
 * Every evaluation must have the same users in the same blocks.
 */
export class NeighborTrials {
  readonly #engine: Engine;
  readonly #score: ScoreKind;
  readonly #train: Csr;
  readonly #most: number;
  readonly #itemBias?: Float32Array;
  /** Without the term, by first user of the block. */
  readonly #base = new Map<number, Lists>();
  /** The last S, and what holds for all with its entries, by first user of the block. */
  #votes?: Csr;
  #blocks = new Map<number, Block>();
  #inverse?: Float64Array;

  /** @param most the longest list that is asked for */
  constructor(engine: Engine, score: ScoreKind, train: Csr, most: number, itemBias?: Float32Array) {
    this.#engine = engine;
    this.#score = score;
    this.#train = train;
    this.#most = most;
    this.#itemBias = itemBias;
  }

  /** The ranker without a term. */
  without(): UserRanker {
    return {
      items: this.#engine.items.rows,
      rankUsers: (users, k, excluded) => {
        const { places, items, scores } = this.#baseLists(users, excluded);
        const result = { items: new Int32Array(users.length * k), scores: new Float32Array(users.length * k) };
        for (let q = 0; q < users.length; q++) {
          result.items.set(items.subarray(q * places, q * places + k), q * k);
          result.scores.set(scores.subarray(q * places, q * places + k), q * k);
        }
        return result;
      },
    };
  }

  /** A ranker for each β of one S, by liked item. S with the same entries one after the other, such as ridges, share their work. */
  rankers(votes: Csr): (beta: number) => UserRanker {
    if (!this.#votes || !haveSameEntries(this.#votes, votes)) this.#blocks = new Map();
    this.#votes = votes;
    const blocks = this.#blocks;
    const term = new NeighborTerm({ votes, beta: 1 });
    // the term at β = 1, by first user of the block
    const known = new Map<number, Csr>();
    return (beta) => ({
      items: this.#engine.items.rows,
      rankUsers: (users, k, excluded) => {
        const key = users[0]!;
        let additions = known.get(key);
        if (!additions) {
          additions = term.rows(Array.from(users, (user) => ({ liked: csrRow(this.#train, user) })));
          known.set(key, additions);
        }
        let block = blocks.get(key);
        if (!block) {
          block = this.#block(users, additions, excluded);
          blocks.set(key, block);
        }
        return merged(block, additions, beta, k);
      },
    });
  }

  #baseLists(users: Int32Array, excluded: Csr): Lists {
    const known = this.#base.get(users[0]!);
    if (known) return known;
    const places = Math.min(this.#engine.items.rows, Math.max(PLACES, 2 * this.#most));
    const lists = { places, ...embeddingRanker(this.#engine, this.#itemBias).rankUsers(users, places, excluded) };
    this.#base.set(users[0]!, lists);
    return lists;
  }

  #block(users: Int32Array, additions: Csr, excluded: Csr): Block {
    const base = this.#baseLists(users, excluded);
    const plain = this.#scores(users, additions);
    const places = Math.min(this.#most, base.places);
    const items = new Int32Array(users.length * places).fill(-1);
    const scores = new Float32Array(users.length * places).fill(-Infinity);
    for (let q = 0; q < users.length; q++) {
      const end = (q + 1) * places;
      for (let at = q * base.places, to = q * places; at < (q + 1) * base.places && to < end; at++) {
        const item = base.items[at]!;
        if (item < 0 || csrHas(additions, q, item)) continue;
        items[to] = item;
        scores[to++] = base.scores[at]!;
      }
      const out = csrRow(excluded, q);
      for (let e = additions.offsets[q]!, x = 0; e < additions.offsets[q + 1]!; e++) {
        while (x < out.length && out[x]! < additions.indices[e]!) x++;
        if (out[x] === additions.indices[e]) plain[e] = -Infinity;
      }
    }
    return { plain, unchanged: { places, items, scores } };
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

function haveSameEntries(a: Csr, b: Csr): boolean {
  const same = (x: Int32Array, y: Int32Array) => x.length === y.length && x.every((value, at) => value === y[at]);
  return same(a.offsets, b.offsets) && same(a.indices, b.indices);
}

/** The best `k` of the items that the term does not change, and of those whose score changes by β times an addition. */
function merged({ plain, unchanged: { places, items, scores } }: Block, additions: Csr, beta: number, k: number) {
  const count = additions.rows;
  const result = { items: new Int32Array(count * k).fill(-1), scores: new Float32Array(count * k).fill(-Infinity) };
  const best = new BestItems(k);
  const { offsets, indices, values } = additions;
  for (let q = 0; q < count; q++) {
    for (let at = q * places; at < q * places + Math.min(k, places) && items[at]! >= 0; at++)
      best.offer(items[at]!, scores[at]!);
    for (let e = offsets[q]!; e < offsets[q + 1]!; e++) {
      if (plain[e] === -Infinity) continue;
      best.offer(indices[e]!, Math.fround(plain[e]! + Math.fround(beta * values![e]!)));
    }
    best.take().forEach(({ item, score }, place) => {
      result.items[q * k + place] = item;
      result.scores[q * k + place] = score;
    });
  }
  return result;
}
