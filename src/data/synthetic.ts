// Generates synthetic datasets of any size, for examples, tests and benchmarks. The same options always give the same data.

import { sha256 } from '#sha256';
import type { Csr } from '../array/csr.ts';
import { type Random, randomStream, shuffle } from '../array/random.ts';
import { sharedInt32 } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';
import type { Dataset } from './build-dataset.ts';
import { integerIdMap } from './integer-ids.ts';

/** Size and shape of a synthetic dataset. */
export interface SyntheticOptions {
  /** Number of users, ≥ 1. */
  users: number;
  /** Number of items, ≥ 4. */
  items: number;
  /** Total number of interactions, including test and validation: at least 2 per user, at most ⌊items / 2⌋ per user on average. */
  interactions: number;
  /** Seed of all draws. Default 0. */
  seed?: number;
  /** Number of latent factors, 1 to `items`: groups of items that the same users like. Default √items / 2, between 2 and 1000, at most `items`. */
  factors?: number;
  /** Fraction of the draws that ignore the user's factors and follow popularity alone, 0 ≤ noise < 1. Default 0.1. */
  noise?: number;
  /** Exponent of the popularity of rank r, r^−exponent, 0 to 3; a larger exponent concentrates interactions on fewer items. Default 0.8. */
  exponent?: number;
  /** Fraction of each user's items held out for testing, 0 ≤ ratio < 1. Default 0.2. */
  testRatio?: number;
  /** Fraction of each user's items held out for validation, ≥ 0; with `testRatio` below 1. Default 0. */
  validRatio?: number;
  /** Whether items get titles. Default: true for up to 100,000 items. */
  titles?: boolean;
}

/**
 * Generates a dataset with latent factors and a long tail. Each item belongs to one factor, and three in ten items to a second one too. Each user has up to three
 * factors with shares .6, .3 and .1. An interaction draws one of the user's factors, then an item of that factor with p(rank) ∝ rank^−exponent; a fraction `noise` of
 * the draws uses the rank among all items instead. User activity is log-normal. The number of interactions is exact, the cost is linear in it, and the matrices are
 * written in place. An item that is never drawn keeps its (empty) column.
 * @throws TaurecError `bad-option`
 */
export function syntheticDataset(options: SyntheticOptions): Dataset {
  const settings = withDefaults(options);
  const { users, items, seed } = settings;
  // Separate streams, so that the catalogue and the activity do not depend on how many numbers the interactions take.
  const random = randomStream(seed, 'synthetic');
  const catalogue = makeCatalogue(settings, randomStream(seed, 'synthetic-items'));
  const degrees = drawDegrees(settings, randomStream(seed, 'synthetic-degrees'));
  const [train, valid, test] = emptyParts(degrees, settings);
  // seenBy[item]: the last user who drew the item. This replaces a set per user.
  const seenBy = new Int32Array(items).fill(-1);
  const row = new Int32Array(degrees.reduce((most, degree) => Math.max(most, degree), 0));
  const tastes = new Int32Array(3);
  for (let u = 0; u < users; u++) {
    for (let t = 0; t < tastes.length; t++) tastes[t] = random.integer(catalogue.factors.length);
    const degree = degrees[u]!;
    for (let d = 0; d < degree; d++) row[d] = drawItem(u, seenBy, tastes, catalogue, settings, random);
    const drawn = shuffle(row.subarray(0, degree), random);
    let from = 0;
    for (const part of [test, valid, train]) {
      const start = part.offsets[u]!;
      const count = part.offsets[u + 1]! - start;
      part.indices.set(drawn.subarray(from, from + count).sort(), start);
      from += count;
    }
  }
  const count = (n: number) => Float64Array.from({ length: n }, (_, i) => i);
  return {
    users: integerIdMap(count(users)),
    items: integerIdMap(count(items)),
    train,
    valid: valid.indices.length > 0 ? valid : undefined,
    test: test.indices.length > 0 ? test : undefined,
    sha256: sha256([train, valid, test].flatMap((part) => [copyBytes(part.offsets), copyBytes(part.indices)])),
    source: `synthetic: ${users} users, ${items} items, ${settings.interactions} interactions, seed ${seed}`,
    overlap: 0,
    titles: settings.titles
      ? Array.from({ length: items }, (_, i) => syntheticTitle(i, catalogue.factorOf[i]!))
      : undefined,
  };
}

type Settings = Required<SyntheticOptions>;

/** Items by popularity, over all and within each factor. */
interface Catalogue {
  /** All items, the most popular first. */
  byRank: Int32Array;
  /** The items of each factor, the most popular first. */
  factors: Int32Array[];
  /** The first factor of each item. */
  factorOf: Int32Array;
}

function makeCatalogue(settings: Settings, random: Random): Catalogue {
  const { items, factors } = settings;
  const byRank = shuffle(
    new Int32Array(items).map((_, i) => i),
    random,
  );
  const factorOf = new Int32Array(items);
  const secondOf = new Int32Array(items).fill(-1);
  const sizes = new Int32Array(factors);
  for (let rank = 0; rank < items; rank++) {
    // The most popular items take the factors in turn, so that no factor stays empty.
    const first = rank < factors ? rank : random.integer(factors);
    const second = random.real() < 0.3 ? random.integer(factors) : first;
    factorOf[byRank[rank]!] = first;
    sizes[first]!++;
    if (second === first) continue;
    secondOf[byRank[rank]!] = second;
    sizes[second]!++;
  }
  const lists = Array.from(sizes, (size) => new Int32Array(size));
  const filled = new Int32Array(factors);
  for (const item of byRank) {
    for (const factor of [factorOf[item]!, secondOf[item]!]) if (factor >= 0) lists[factor]![filled[factor]!++] = item;
  }
  return { byRank, factors: lists, factorOf };
}

/** Draws the number of interactions of each user: log-normal, at least 2, at most half of the items, with a sum of exactly `interactions`. */
function drawDegrees(settings: Settings, random: Random): Int32Array {
  const { users, items, interactions } = settings;
  const most = Math.max(2, Math.floor(items / 2));
  const degrees = new Int32Array(users).fill(2);
  const activity = new Float64Array(users).map(() => Math.exp(random.normal()));
  // Each round shares out what is left in proportion to activity. Users at the maximum drop out, so more rounds may follow.
  let left = interactions - 2 * users;
  while (left > 0) {
    let total = 0;
    for (let u = 0; u < users; u++) if (degrees[u]! < most) total += activity[u]!;
    const scale = left / total;
    let carry = 0.5; // rounds shares to whole numbers without a bias; the fraction passes to the next user
    for (let u = 0; u < users && left > 0; u++) {
      if (degrees[u]! >= most) continue;
      carry += activity[u]! * scale;
      const more = Math.min(Math.floor(carry), most - degrees[u]!, left);
      carry -= Math.floor(carry);
      degrees[u]! += more;
      left -= more;
    }
  }
  return degrees;
}

/** The matrices [train, valid, test] with their offsets set and their indices still to fill; each user keeps at least one training item. */
function emptyParts(degrees: Int32Array, settings: Settings): [Csr, Csr, Csr] {
  const { users, items, testRatio, validRatio } = settings;
  const offsets = [sharedInt32(users + 1), sharedInt32(users + 1), sharedInt32(users + 1)] as const;
  let testCarry = 0;
  let validCarry = 0;
  for (let u = 0; u < users; u++) {
    testCarry += degrees[u]! * testRatio;
    validCarry += degrees[u]! * validRatio;
    const test = Math.min(Math.floor(testCarry), degrees[u]! - 1);
    const valid = Math.min(Math.floor(validCarry), degrees[u]! - 1 - test);
    testCarry -= Math.floor(testCarry);
    validCarry -= Math.floor(validCarry);
    [degrees[u]! - test - valid, valid, test].forEach((count, part) => {
      offsets[part]![u + 1] = offsets[part]![u]! + count;
    });
  }
  const part = (own: Int32Array): Csr => ({
    rows: users,
    columns: items,
    offsets: own,
    indices: sharedInt32(own[users]!),
  });
  return [part(offsets[0]), part(offsets[1]), part(offsets[2])];
}

/** Draws an item that `user` does not have yet, and marks it in `seenBy`. */
function drawItem(
  user: number,
  seenBy: Int32Array,
  tastes: Int32Array,
  catalogue: Catalogue,
  settings: Settings,
  random: Random,
): number {
  let item = 0;
  // A user may have all items of a small factor already: after 8 draws the rank is over all items, and after 12 the next free item is taken.
  for (let draw = 0; draw < 12; draw++) {
    const kind = draw < 8 ? random.real() : 0;
    const taste = (kind - settings.noise) / (1 - settings.noise);
    const list = taste < 0 ? catalogue.byRank : catalogue.factors[tastes[taste < 0.6 ? 0 : taste < 0.9 ? 1 : 2]!]!;
    item = list[drawRank(list.length, settings.exponent, random)]!;
    if (seenBy[item] !== user) break;
  }
  while (seenBy[item] === user) item = (item + 1) % settings.items;
  seenBy[item] = user;
  return item;
}

/** Draws a rank 0 … n − 1 with p ∝ ∫ x^−s dx over [rank + 1, rank + 2), by inverting the integral: constant time for any n. */
function drawRank(n: number, s: number, random: Random): number {
  const u = random.real();
  const x = s === 1 ? (n + 1) ** u : (1 + u * ((n + 1) ** (1 - s) - 1)) ** (1 / (1 - s));
  return Math.min(n - 1, Math.floor(x) - 1);
}

/** A copy of the bytes of an array in shared memory: the hash functions accept only unshared memory. */
function copyBytes(values: Int32Array): Uint8Array {
  return new Uint8Array(values.slice().buffer);
}

/** Fills in the defaults and checks all options; throws `bad-option`. */
function withDefaults(options: SyntheticOptions): Settings {
  const factors = Math.min(options.items, 1000, Math.max(2, Math.round(Math.sqrt(options.items) / 2)));
  const settings = {
    seed: 0,
    factors,
    noise: 0.1,
    exponent: 0.8,
    testRatio: 0.2,
    validRatio: 0,
    titles: options.items <= 100_000,
    ...options,
  };
  const { users, items, interactions, noise, exponent, testRatio, validRatio } = settings;
  const check = (option: string, got: number, good: boolean, expected: string) => {
    if (!good) throw new TaurecError('bad-option', { option, got, expected });
  };
  check('users', users, Number.isInteger(users) && users >= 1, 'a whole number ≥ 1');
  check('items', items, Number.isInteger(items) && items >= 4, 'a whole number ≥ 4');
  const most = users * Math.floor(items / 2);
  check(
    'interactions',
    interactions,
    Number.isInteger(interactions) && interactions >= 2 * users && interactions <= most,
    `a whole number from ${2 * users} to ${most}`,
  );
  check(
    'factors',
    settings.factors,
    Number.isInteger(settings.factors) && settings.factors >= 1 && settings.factors <= items,
    'a whole number from 1 to items',
  );
  check('noise', noise, noise >= 0 && noise < 1, 'a number from 0 to below 1');
  check('exponent', exponent, exponent >= 0 && exponent <= 3, 'a number from 0 to 3');
  check('testRatio', testRatio, testRatio >= 0 && testRatio < 1, 'a number from 0 to below 1');
  check(
    'validRatio',
    validRatio,
    validRatio >= 0 && validRatio + testRatio < 1,
    'a number from 0 to below 1 − testRatio',
  );
  return settings;
}

const kinds =
  'Harbour Detective Orbit Garden Tavern Railway Meadow Lighthouse Desert Kitchen Library Circus Glacier Market Orchestra Workshop'.split(
    ' ',
  );
const manners =
  'Quiet Crimson Hidden Golden Restless Broken Distant Gentle Electric Forgotten Silver Wandering Midnight Paper Second'.split(
    ' ',
  );
const things =
  'Letters Shadows Rivers Promises Machines Echoes Maps Secrets Lanterns Clocks Songs Bridges Voyages'.split(' ');

/** The title of an item. Items of one factor share their first word, so that a reader sees in a list which factor a user likes. */
function syntheticTitle(item: number, factor: number): string {
  const kind = kinds[factor % kinds.length]!;
  const series = factor < kinds.length ? kind : `${kind} ${Math.floor(factor / kinds.length) + 1}`;
  return `${series}: ${manners[item % manners.length]} ${things[item % things.length]} #${item}`;
}
