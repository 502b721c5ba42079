import type { Csr } from '../array/csr.ts';
import { matrix, row } from '../array/matrix.ts';
import type { Engine, RankResult } from '../engine/engine.ts';

/**
 * Anything that can order all items for a user: a trained model or a baseline. What a user gets must not depend on which other users
 * stand in the call, so that evaluation is independent of its block size.
 */
export interface UserRanker {
  /** Number of items it ranks: ids 0 .. items − 1. */
  readonly items: number;
  /**
   * The best `k` items of each listed user.
   * @param users [n] user indices.
   * @param excluded [n × items] what row r's user must not get.
   * @param targets [n × items] entries to count `above` for (AUC).
   */
  rankUsers(users: Int32Array, k: number, excluded: Csr, targets?: Csr): RankResult;
}

/**
 * Ranks by an engine's embeddings: gathers the users' rows of the final embeddings and calls `engine.rank`.
 * @param itemBias [items] added to every user's scores: a model's `itemBias`.
 */
export function embeddingRanker(engine: Engine, itemBias?: Float32Array): UserRanker {
  return {
    items: engine.items.rows,
    rankUsers(users, k, excluded, targets) {
      const embeddings = engine.finals.users;
      const queries = matrix(users.length, embeddings.columns);
      for (let q = 0; q < users.length; q++) queries.data.set(row(embeddings, users[q]!), q * queries.stride);
      return engine.rank({ queries, k, excluded, targets, itemBias });
    },
  };
}
