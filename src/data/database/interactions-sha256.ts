import { createHash } from 'node:crypto';
import type { Interactions } from '../interactions.ts';

/**
 * SHA-256, in hexadecimal, of interactions as they were read: ids, pairs in order of user and item, ratings, times, weights. A table has no order, and this
 * does not depend on one: the same rows give the same hash.
 */
export function interactionsSha256(log: Omit<Interactions, 'sha256' | 'source' | 'report'>): string {
  const hash = createHash('sha256').update('taurec interactions 1\n');
  const arrays = {
    users: log.userIds.bytes,
    userOffsets: log.userIds.offsets,
    items: log.itemIds.bytes,
    itemOffsets: log.itemIds.offsets,
    userOf: log.users,
    itemOf: log.items,
    ratings: log.ratings,
    times: log.times,
    weights: log.weights,
  };
  for (const [name, array] of Object.entries(arrays)) {
    hash.update(`${name} ${array?.byteLength ?? 'none'}\n`);
    if (array) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex');
}
