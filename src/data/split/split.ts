import { randomStream } from '../../array/random.ts';
import { TaurecError } from '../../errors.ts';
import { everyTime } from '../every-time.ts';
import { type Interactions, selectEntries } from '../interactions.ts';
import { eachUser, holdRandom } from './hold-random.ts';

/** The split methods; `split` describes each. */
export const splitMethods = ['random', 'leave-last-out', 'temporal', 'debiased'] as const;
/** A split method of `splitMethods`. */
export type SplitMethod = (typeof splitMethods)[number];

/** Size and seed of a split. */
export interface SplitOptions {
  /** Fraction of the entries to hold out, 0 < ratio < 1; without effect for leave-last-out. Default 0.2. */
  ratio?: number;
  /** Seed of the random and debiased splits. Default 0. */
  seed?: number;
  /** Name of the held-out part. It selects the random stream, so that different parts are drawn independently, and appears in errors. Default 'test'. */
  purpose?: string;
}

/** The method, ratio and seed of a held-out part, for reports. */
export interface SplitRecord {
  readonly method: SplitMethod;
  /** Absent for leave-last-out, which has no ratio. */
  readonly ratio?: number;
  readonly seed: number;
}

/** The two parts of a log. Each entry of the log is in exactly one of them; both keep the id maps of the log. */
export interface Split {
  /** The entries that stay. */
  kept: Interactions;
  /** The entries held out. */
  held: Interactions;
}

/**
 * Splits a log into kept and held-out entries.
 * - random: holds out about n·ratio of each user's n entries, at random; at least one stays. The rounding remainder carries over to the next user, so the total is
 *   close to the ratio.
 * - leave-last-out: holds out each user's latest entry, unless it is the only one. Among equal times the larger item index counts as later.
 * - temporal: holds out the latest entries of the whole log, those after the (1 − ratio) quantile of time. Entries of one instant stay together; a user whose
 *   entries are all late has no kept entry.
 * - debiased: holds out about `ratio` of all entries, drawn approximately uniformly over items, as if all items were equally popular; every user and every item keeps
 *   an entry (see `holdDebiased`). It measures how well a model serves rare items: for the aim `discovery`, and for tests under popularity shift.
 *
 * @throws TaurecError `unknown-name` for an unknown method, `bad-option` for a ratio out of range, `missing-column` when the method needs times and the log has none
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

/** Marks the latest entry of each user with at least two; with >=, the last of equal times wins, which is the largest item index. */
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

/** Marks the entries later than the (1 − ratio) quantile of all times. */
function holdLatest(times: Float64Array, ratio: number): Uint8Array {
  const cut = times.slice().sort()[Math.ceil((1 - ratio) * times.length) - 1]!;
  const held = new Uint8Array(times.length);
  for (let e = 0; e < times.length; e++) held[e] = times[e]! > cut ? 1 : 0;
  return held;
}

function timesOf(log: Interactions, method: string): Float64Array {
  if (log.times) return everyTime(log.times, log.source, `the ${method} split needs`);
  throw new TaurecError('missing-column', {
    file: log.source,
    got: 'time',
    role: `the time that the ${method} split needs`,
    columns: ['user', 'item'],
  });
}

/**
 * Marks (1) round(ratio · n) of n entries, drawn so that the sample is approximately uniform over items: the chance of an entry is inversely proportional to the
 * number of free entries of its item. One random entry of each user and one of each item are never free, so that no user and no item disappears from the
 * training data. If too few free entries are left, the sample is smaller.
 *
 * Weighted sampling without replacement by exponential keys: takes the entries with the smallest −log(1 − u)·(free entries of the item), u uniform in [0, 1).
 * Efraimidis & Spirakis, "Weighted random sampling with a reservoir", IPL 2006. Entries must be sorted by user.
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
  // Of entries with a key equal to the cut, the first ones fill the rest.
  for (let e = 0; left > 0; e++) if (keys[e] === cut) left -= held[e] = 1;
  return held;
}

/** For each code one of its entries, each with the same probability; −1 for a code without entries. Reservoir sampling in one pass. */
function oneOfEach(codes: Int32Array, integer: (bound: number) => number): Int32Array {
  const met = new Int32Array(greatest(codes) + 1);
  const chosen = new Int32Array(met.length).fill(-1);
  for (let e = 0; e < codes.length; e++) {
    const code = codes[e]!;
    if (integer(++met[code]!) === 0) chosen[code] = e;
  }
  return chosen;
}

/** The largest code; −1 for an empty list. */
function greatest(codes: Int32Array): number {
  let most = -1;
  for (const code of codes) most = Math.max(most, code);
  return most;
}
