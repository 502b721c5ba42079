import { csrTranspose } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';
import { compactIds, type Interactions, selectEntries, toCsr } from './interactions.ts';

/** Minimum number of interactions of each user and of each item. */
export interface CoreThresholds {
  users: number;
  items: number;
}

/**
 * The k-core of a log: the largest subset in which every user has at least `users` interactions and every item at least `items`.
 * A queue removes users and items below their threshold one by one until all that remain meet it. Each entry is visited at most once from its user and once from
 * its item, so the cost is linear. A single number sets both thresholds. Removed users and items leave the id maps; the others keep their order.
 * @throws TaurecError `bad-option` for thresholds that are not whole numbers ≥ 0, `empty-data` when no interaction is left
 */
export function kCore(log: Interactions, thresholds: number | CoreThresholds): Interactions {
  const minimum = typeof thresholds === 'number' ? { users: thresholds, items: thresholds } : thresholds;
  for (const got of [minimum.users, minimum.items]) {
    if (!Number.isInteger(got) || got < 0)
      throw new TaurecError('bad-option', { option: 'kCore', got, expected: 'a whole number ≥ 0' });
  }
  const byUser = toCsr({ ...log, weights: undefined });
  const byItem = csrTranspose(byUser);
  const users = byUser.rows;
  // One numbering for both sides: user u is row u, item i is row users + i.
  const degree = new Int32Array(users + byUser.columns);
  for (let r = 0; r < users; r++) degree[r] = byUser.offsets[r + 1]! - byUser.offsets[r]!;
  for (let c = 0; c < byUser.columns; c++) degree[users + c] = byItem.offsets[c + 1]! - byItem.offsets[c]!;
  const gone = new Uint8Array(degree.length);
  // Each row enters the queue at most once, so one slot per row is enough.
  const queue = new Int32Array(degree.length);
  let tail = 0;
  const check = (row: number) => {
    if (gone[row] || degree[row]! >= (row < users ? minimum.users : minimum.items)) return;
    gone[row] = 1;
    queue[tail++] = row;
  };
  for (let row = 0; row < degree.length; row++) check(row);
  for (let headAt = 0; headAt < tail; headAt++) {
    const row = queue[headAt]!;
    const isUser = row < users;
    const side = isUser ? byUser : byItem;
    const own = isUser ? row : row - users;
    for (let e = side.offsets[own]!; e < side.offsets[own + 1]!; e++) {
      const neighbour = isUser ? users + side.indices[e]! : side.indices[e]!;
      degree[neighbour]!--;
      check(neighbour);
    }
  }
  if (tail === 0) return log;
  const keep = new Uint8Array(log.users.length);
  let left = 0;
  for (let e = 0; e < keep.length; e++) {
    keep[e] = gone[log.users[e]!] || gone[users + log.items[e]!] ? 0 : 1;
    left += keep[e]!;
  }
  if (left === 0) {
    const reason = `no interaction is left with at least ${minimum.users} per user and ${minimum.items} per item (k-core)`;
    throw new TaurecError('empty-data', { file: log.source, reason });
  }
  return compactIds(selectEntries(log, keep));
}
