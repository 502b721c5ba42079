import { type Csr, csrRow } from '../array/csr.ts';
import { rowFrom } from '../array/half-matrix.ts';
import type { RankingEngine, RankResult } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { embeddingRanker } from '../evaluation/rankers.ts';
import type { ServedModel } from '../model/model.ts';
import { checkOptions } from '../option.ts';
import { ItemRanker } from './item-ranker.ts';
import { likedBy, neighborsOf } from './model-ranker.ts';
import { listSchema, type RecommendOptions } from './recommendation.ts';

/** A ranker for `evaluate` that applies the options `diversity` and `discover` of `recommend`. */
export interface ReRankedRanker {
  /** The number of items that it ranks. */
  readonly items: number;
  /**
   * The best `k` items of each user, row r without the items of row r of `excluded`: [users × k], −1 for missing places. With `targets` the result also has `above`, the counts that AUC needs;
   * `diversity` > 0 does not allow targets.
   */
  rankUsers(users: Int32Array, k: number, excluded: Csr, targets?: Csr): RankResult;
}

/**
 * Makes a ranker for `evaluate` that ranks as `recommend` does with these options, to measure the accuracy, coverage and diversity of a setting.
 * @param engine holds the model's embeddings
 * @throws TaurecError `bad-option` for a dial outside [0, 1]. The ranker throws it for targets (AUC) with `diversity` > 0: diversity orders a list, not the whole catalogue.
 */
export function reRankedRanker(
  model: ServedModel,
  engine: RankingEngine,
  options: Pick<RecommendOptions, 'diversity' | 'discover'>,
): ReRankedRanker {
  const { diversity, discover } = checkOptions(listSchema, options);
  const { itemBias, popularity } = model;
  const neighbors = neighborsOf(model);
  const ranker = new ItemRanker(engine, { score: model.config.score, itemBias, popularity, term: neighbors?.term });
  const filter = { excluded: new Int32Array(0) };
  return {
    items: engine.items.rows,
    rankUsers(users, k, excluded, targets) {
      if (targets) {
        if (diversity > 0) {
          throw new TaurecError('bad-option', { option: 'diversity', got: diversity, expected: '0 with AUC' });
        }
        return embeddingRanker(engine, ranker.biasOf(discover), neighbors).rankUsers(users, k, excluded, targets);
      }
      const queries = Array.from(users, (user, q) => ({
        embedding: rowFrom(engine.users, user),
        seen: csrRow(excluded, q),
        liked: likedBy(neighbors, user),
      }));
      // The result has the engine's layout: rows of k places, missing ones −1 with score −Infinity.
      const items = new Int32Array(users.length * k).fill(-1);
      const scores = new Float32Array(users.length * k).fill(-Infinity);
      ranker.rank(queries, { k, filter, diversity, discover }).forEach((list, q) => {
        list.forEach(({ item, score }, place) => {
          items[q * k + place] = item;
          scores[q * k + place] = score;
        });
      });
      return { items, scores };
    },
  };
}
