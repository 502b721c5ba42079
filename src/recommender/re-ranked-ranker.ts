import { type Csr, csrRow } from '../array/csr.ts';
import { matrix, row } from '../array/matrix.ts';
import type { Engine, RankResult } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import { ItemRanker } from './item-ranker.ts';
import { checkDial, type RecommendOptions } from './recommendation.ts';

/** Ranks a model's users with the dials of requests turned; what `evaluate` takes as a ranker. */
export interface ReRankedRanker {
  /** Number of items it ranks. */
  readonly items: number;
  /** The best `k` items of each listed user, without row r's `excluded`; `above` for the targets where there are any, which `diversity` does not allow. */
  rankUsers(users: Int32Array, k: number, excluded: Csr, targets?: Csr): RankResult;
}

/**
 * A ranker for `evaluate` that ranks as `recommend` does with these options, so that accuracy, coverage and diversity of a setting can be measured.
 * @param engine holds the model's embeddings.
 * @throws bad-option for a dial out of [0, 1], and, when it ranks, for targets (AUC) with `diversity`: it orders a list, not all items.
 */
export function reRankedRanker(
  model: Model,
  engine: Engine,
  options: Pick<RecommendOptions, 'diversity' | 'discover'>,
): ReRankedRanker {
  const diversity = checkDial('diversity', options.diversity);
  const discover = checkDial('discover', options.discover);
  const { itemBias, popularity } = model;
  const ranker = new ItemRanker(engine, { score: model.config.score, itemBias, popularity });
  const filter = { excluded: new Int32Array(0) };
  return {
    items: engine.items.rows,
    rankUsers(users, k, excluded, targets) {
      const queries = Array.from(users, (user, q) => ({
        embedding: row(engine.users, user),
        seen: csrRow(excluded, q),
      }));
      if (targets) {
        if (diversity > 0) {
          throw new TaurecError('bad-option', { option: 'diversity', got: diversity, expected: '0 with AUC' });
        }
        const embeddings = matrix(users.length, engine.users.columns);
        queries.forEach((query, q) => {
          row(embeddings, q).set(query.embedding);
        });
        return engine.rank({ queries: embeddings, k, excluded, targets, itemBias: ranker.biasOf(discover) });
      }
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
