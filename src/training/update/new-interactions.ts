import { type Csr, csrFromEntries, csrHas } from '../../array/csr.ts';
import { compactIds, type Interactions } from '../../data/interactions.ts';
import { type ExtendedIds, extendIds } from '../../data/union-ids.ts';
import type { Model } from '../../model/model.ts';

/** What a log holds that a model does not know. */
export interface NewInteractions {
  /** The model's ids at their indices, those that are new behind them. */
  readonly users: ExtendedIds;
  readonly items: ExtendedIds;
  /** [users × items] the pairs that the model's `seen` does not hold; values are the log's weights, where it has any. */
  readonly pairs: Csr;
}

/** Finds what is new in a log. What a user has seen already, validation items among it, is not new, however often it comes. */
export function newInteractions(
  model: Pick<Model, 'userIds' | 'itemIds' | 'seen'>,
  given: Interactions,
): NewInteractions {
  const log = compactIds(given);
  const users = extendIds(model.userIds, log.userIds);
  const items = extendIds(model.itemIds, log.itemIds);
  const rowOf = log.users.map((user) => users.codes[user]!);
  const columnOf = log.items.map((item) => items.codes[item]!);
  const { seen } = model;
  const isNew = (e: number) => rowOf[e]! >= seen.rows || !csrHas(seen, rowOf[e]!, columnOf[e]!);
  const entries = Uint32Array.from(rowOf.keys()).filter(isNew);
  const pick = (values: ArrayLike<number>) => Array.from(entries, (e) => values[e]!);
  const pairs = csrFromEntries(
    users.ids.size,
    items.ids.size,
    pick(rowOf),
    pick(columnOf),
    log.weights && pick(log.weights),
  );
  return { users, items, pairs };
}
