import { randomStream } from '../../array/random.ts';

/**
 * Marks (1) round(ratio · n) of n entries, drawn so that the sample is about uniform over items: an entry's chance is inversely proportional to how many
 * entries of its item can be taken. One entry of each user and one of each item, drawn at random, are never taken, so that nobody and nothing
 * leaves the training data; where too few others are left the sample is smaller.
 *
 * Weighted sampling without replacement by exponential keys: the entries with the smallest −log(1 − u)·(free entries of the item), u uniform, are taken.
 * Efraimidis & Spirakis, "Weighted random sampling with a reservoir", IPL 2006. Entries lie sorted by user.
 */
export function holdDebiased(
  users: Int32Array,
  items: Int32Array,
  ratio: number,
  seed: number,
  purpose: string,
): Uint8Array {
  const random = randomStream(seed, `split-debiased-${purpose}`);
  const stays = new Uint8Array(users.length);
  for (const codes of [users, items]) for (const e of oneOfEach(codes, random.integer)) if (e >= 0) stays[e] = 1;
  const free = new Int32Array(greatest(items) + 1);
  for (let e = 0; e < items.length; e++) if (!stays[e]) free[items[e]!]!++;

  const keys = new Float64Array(users.length);
  for (let e = 0; e < keys.length; e++) keys[e] = stays[e] ? Infinity : -Math.log1p(-random.real()) * free[items[e]!]!;
  const available = free.reduce((sum, count) => sum + count, 0);
  const count = Math.min(Math.round(ratio * users.length), available);
  const held = new Uint8Array(users.length);
  if (count === 0) return held;
  const cut = keys.slice().sort()[count - 1]!;
  let left = count;
  for (let e = 0; e < keys.length; e++) if (keys[e]! < cut) left -= held[e] = 1;
  // Equal keys: the first of them.
  for (let e = 0; left > 0; e++) if (keys[e] === cut) left -= held[e] = 1;
  return held;
}

/** For each code one of its entries, all alike likely; −1 where there is none. */
function oneOfEach(codes: Int32Array, integer: (bound: number) => number): Int32Array {
  const met = new Int32Array(greatest(codes) + 1);
  const chosen = new Int32Array(met.length).fill(-1);
  for (let e = 0; e < codes.length; e++) {
    const code = codes[e]!;
    if (integer(++met[code]!) === 0) chosen[code] = e;
  }
  return chosen;
}

function greatest(codes: Int32Array): number {
  let most = -1;
  for (const code of codes) most = Math.max(most, code);
  return most;
}
