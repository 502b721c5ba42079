import { sha256 } from '#sha256';
import { TaurecError } from '../errors.ts';
import { shortName, shortNameText } from '../platform/short-name.ts';

/** Shares of people by variant: relative numbers of at least 0, not all 0. Names have 1 to 64 of A–Z, a–z, 0–9, `_` and `-`. */
export type Shares = Readonly<Record<string, number>>;

/** Seed of an assignment unless another is given. */
export const SPLIT_SEED = 'split';

/**
 * The variant of a person. It depends on nothing but the arguments, so every server, job and machine agrees: u is the number of the first 8 hexadecimal digits of SHA-256(`SEED:USER`), divided by 2^32, and the variants, in the order of
 * their names by code unit, take [0, 1) in parts of their shares.
 *
 * When the share of one of two variants grows, people move only to it. With more variants, a share that one gives to the next by name moves only people between these two.
 *
 * @param user the person's id; 42 is '42'
 * @param split shares by variant: `{ a: 90, b: 10 }`
 * @param seed another seed gives an assignment that is independent of this one: 1 to 64 of A–Z, a–z, 0–9, `_` and `-`; default 'split'
 * @throws TaurecError `bad-option` for shares or a seed out of bounds
 */
export function variantOf(user: string | number, split: Shares, seed: string = SPLIT_SEED): string {
  return assignment(split, seed)(`${user}`);
}

/** `variantOf` for many people: checks and adds up the shares once. @throws TaurecError `bad-option` */
export function assignment(split: Shares, seed: string): (user: string) => string {
  if (!shortName.test(seed))
    throw new TaurecError('bad-option', { option: 'splitSeed', got: seed, expected: shortNameText });
  checkSplit(split);
  const names = Object.keys(split).sort();
  let sum = 0;
  const sums = names.map((name) => {
    sum += split[name]!;
    return sum;
  });
  // The last end is exactly 1, whatever the rounding, and a variant without a share has no part.
  const ends = sums.map((end) => end / sum);
  return (user) => {
    const u = Number.parseInt(sha256([encoder.encode(`${seed}:${user}`)]).slice(0, 8), 16) / 2 ** 32;
    return names[ends.findIndex((end) => u < end)]!;
  };
}

const encoder = new TextEncoder();

/** Refuses wrong names and shares. */
function checkSplit(split: Shares): void {
  const bad = (got: unknown, expected: string) => new TaurecError('bad-option', { option: 'split', got, expected });
  let sum = 0;
  for (const [name, share] of Object.entries(split)) {
    if (!shortName.test(name)) throw bad(name, `a name of ${shortNameText}`);
    if (!(Number.isFinite(share) && share >= 0)) throw bad(`${name}=${share}`, 'a share of at least 0');
    sum += share;
  }
  if (!(sum > 0 && sum < Infinity)) throw bad(JSON.stringify(split), 'shares with a sum above 0');
}
