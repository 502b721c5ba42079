import { TaurecError } from '../../errors.ts';
import { type Interactions, selectEntries } from '../interactions.ts';
import { eachUser } from './each-user.ts';
import { holdDebiased } from './hold-debiased.ts';
import { holdRandom } from './hold-random.ts';

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
