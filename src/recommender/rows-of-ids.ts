import type { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import type { Id } from './recommendation.ts';

/** The row of a user. @throws TaurecError `unknown-id` */
export function userRow(users: IdMap, id: Id): number {
  return rowOf('user', users, id, "For new users, use recommendFor(items) or fallback: 'popular'.");
}

/** The row of an item. @throws TaurecError `unknown-id` */
export function itemRow(items: IdMap, id: Id): number {
  return rowOf('item', items, id, 'Check the id, or train again on data that has it.');
}

function rowOf(kind: string, ids: IdMap, id: Id, remedy: string): number {
  const row = ids.indexOf(id);
  if (row < 0) throw new TaurecError('unknown-id', { kind, id, count: ids.size, remedy });
  return row;
}
