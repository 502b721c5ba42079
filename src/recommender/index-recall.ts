import { csrRow } from '../array/csr.ts';
import { row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Engine } from '../engine/engine.ts';
import type { Model } from '../model/model.ts';
import type { ApproximateIndex } from './approximate-index.ts';
import { ItemRanker } from './item-ranker.ts';

/** How much of the exact lists an approximate index finds. */
export interface IndexRecall {
  /** Mean over the users of |its list ∩ the exact one| / |the exact one|. */
  readonly recall: number;
  readonly users: number;
  readonly k: number;
}

/**
 * Compares lists of the best `k` unseen items with and without an index, for users drawn from a seed (all where there are no more).
 * @param engine holds the model's embeddings.
 */
export function indexRecall(
  model: Model,
  engine: Engine,
  index: ApproximateIndex,
  { k = 20, users = 200, seed = 1 }: { readonly k?: number; readonly users?: number; readonly seed?: number } = {},
): IndexRecall {
  const { itemBias, popularity, config } = model;
  const facts = { score: config.score, itemBias, popularity };
  const random = randomStream(seed, 'index-recall');
  const count = Math.min(users, engine.users.rows);
  const queries = Array.from({ length: count }, (_, u) => {
    const user = count < engine.users.rows ? random.integer(engine.users.rows) : u;
    return { embedding: row(engine.users, user), seen: csrRow(model.seen, user) };
  });
  const request = { k, filter: { excluded: new Int32Array(0) }, diversity: 0, discover: 0 };
  const exact = new ItemRanker(engine, facts).rank(queries, request);
  const found = new ItemRanker(engine, facts, index).rank(queries, request);
  let sum = 0;
  let lists = 0;
  exact.forEach((list, q) => {
    if (list.length === 0) return;
    const items = new Set(found[q]!.map(({ item }) => item));
    sum += list.filter(({ item }) => items.has(item)).length / list.length;
    lists++;
  });
  return { recall: lists > 0 ? sum / lists : 1, users: count, k };
}
