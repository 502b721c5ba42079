import { randomStream } from '../../array/random.ts';
import { TaurecError } from '../../errors.ts';
import { type Interactions, selectEntries } from '../interactions.ts';
import { eachUser, holdRandom } from './hold-random.ts';

/** How interactions are held out. */
export const splitMethods = ['random', 'leave-last-out', 'temporal', 'debiased'] as const;
/** How a part is held out; `splitMethods` lists them. */
export type SplitMethod = (typeof splitMethods)[number];

/** How much is held out, and by which seed. */
export interface SplitOptions {
  /** The part held out, 0 < ratio < 1. Default 0.2. Without meaning for leave-last-out. */
  ratio?: number;
  /** Seed of the random and the debiased split. Default 0. */
  seed?: number;
  /** What the split is for; other purposes draw other numbers. Default 'test'. */
  purpose?: string;
}

/** How a part was held out, for reports. */
export interface SplitRecord {
  readonly method: SplitMethod;
  /** Absent where it has no meaning: leave-last-out. */
  readonly ratio?: number;
  readonly seed: number;
}

/** The two parts of a log; together they are the whole, and no entry is in both. Id maps stay those of the log. */
export interface Split {
  kept: Interactions;
  held: Interactions;
}

/**
 * Holds a part of a log out.
 * - random: of each user's n entries about n·ratio, drawn at random; at least one stays. What rounding leaves over goes on to the next user, so the total is near the ratio.
 * - leave-last-out: each user's latest entry, unless it is the only one. Among equal times the greater item index counts as later.
 * - temporal: the latest part of all entries, those after the (1 − ratio) quantile of time. Entries of one instant stay together; a user who came late has no kept entry.
 * - debiased: that part of all entries, drawn about uniformly over items, as if no item were more popular than another; every user and every item keeps
 *   an entry (see `holdDebiased`). It judges what a model does for items that the log shows little: for the aim `discovery`, and for tests under popularity shift.
 *
 * Throws `bad-option`, and `missing-column` when the method needs times and there are none.
 */
export function split(log: Interactions, method: SplitMethod, options: SplitOptions = {}): Split {
  const { ratio = 0.2, seed = 0, purpose = 'test' } = options;
  if (!(splitMethods as readonly string[]).includes(method)) {
    throw new TaurecError('unknown-name', { kind: 'split', got: method, known: splitMethods });
  }
  if (!(ratio > 0 && ratio < 1)) {
    throw new TaurecError('bad-option', {
      option: `${purpose} ratio`,
      got: ratio,
      expected: 'a number between 0 and 1, both excluded',
    });
  }
  const held = {
    random: () => holdRandom(log.users, ratio, seed, purpose),
    'leave-last-out': () => holdLast(log.users, timesOf(log, method)),
    temporal: () => holdLatest(timesOf(log, method), ratio),
    debiased: () => holdDebiased(log.users, log.items, ratio, seed, purpose),
  }[method]();
  return {
    kept: selectEntries(
      log,
      held.map((h) => 1 - h),
    ),
    held: selectEntries(log, held),
  };
}

function holdLast(users: Int32Array, times: Float64Array): Uint8Array {
  const held = new Uint8Array(users.length);
  eachUser(users, (start, end) => {
    if (end - start < 2) return;
    let last = start;
    for (let e = start + 1; e < end; e++) if (times[e]! >= times[last]!) last = e;
    held[last] = 1;
  });
  return held;
}

function holdLatest(times: Float64Array, ratio: number): Uint8Array {
  const cut = times.slice().sort()[Math.ceil((1 - ratio) * times.length) - 1]!;
  const held = new Uint8Array(times.length);
  for (let e = 0; e < times.length; e++) held[e] = times[e]! > cut ? 1 : 0;
  return held;
}

function timesOf(log: Interactions, method: string): Float64Array {
  if (log.times) return log.times;
  throw new TaurecError('missing-column', {
    file: log.source,
    got: 'time',
    role: `the time that the ${method} split needs`,
    columns: ['user', 'item'],
  });
}

/**
 * Marks (1) round(ratio · n) of n entries, drawn so that the sample is about uniform over items: an entry's chance is inversely proportional to how many
 * entries of its item can be taken. One entry of each user and one of each item, drawn at random, are never taken, so that no user and no item
 * leaves the training data; where too few others are left the sample is smaller.
 *
 * Weighted sampling without replacement by exponential keys: the entries with the smallest −log(1 − u)·(free entries of the item), u uniform, are taken.
 * Efraimidis & Spirakis, "Weighted random sampling with a reservoir", IPL 2006. Entries lie sorted by user.
 */
function holdDebiased(users: Int32Array, items: Int32Array, ratio: number, seed: number, purpose: string): Uint8Array {
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
