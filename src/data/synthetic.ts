import { sha256 } from '#sha256';
import type { Csr } from '../array/csr.ts';
import { type Random, randomStream, shuffle } from '../array/random.ts';
import { sharedInt32 } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';
import type { Dataset } from './build-dataset.ts';
import { integerIdMap } from './integer-ids.ts';

/** What a made-up data set is like. */
export interface SyntheticOptions {
  users: number;
  items: number;
  /** All interactions, test and validation among them; at most half of users × items, at least 2 a user. */
  interactions: number;
  /** Default 0. */
  seed?: number;
  /** Latent factors: the tastes that items belong to and users have. Default √items / 2, between 2 and 1000. */
  factors?: number;
  /** Part of the draws that follow popularity alone. Default 0.1. */
  noise?: number;
  /** How fast popularity falls with rank r: r^−exponent. Default 0.8. */
  exponent?: number;
  /** Part of each user's items held out for testing. Default 0.2. */
  testRatio?: number;
  /** Part of each user's items held out for validation. Default 0. */
  validRatio?: number;
  /** Gives the items titles. Default: up to 100,000 items. */
  titles?: boolean;
}

/**
 * A made-up dataset with latent factors and a long tail. Each item belongs to one factor, three in ten to a second one as well; each user has up to three factors,
 * with shares .6, .3 and .1. An interaction draws one of the user's factors, then an item of it by p(rank) ∝ rank^−exponent; `noise` of the draws take the rank among all
 * items instead. Users' activity is log-normal. The number of interactions is exact; cost is linear in it, and the matrices are written in place.
 * Items that are never drawn keep their column. Throws `bad-option`.
 */
export function syntheticDataset(options: SyntheticOptions): Dataset {
  const settings = withDefaults(options);
  const { users, items, seed } = settings;
  const random = randomStream(seed, 'synthetic');
  const catalogue = makeCatalogue(settings, randomStream(seed, 'synthetic-items'));
  const degrees = drawDegrees(settings, randomStream(seed, 'synthetic-degrees'));
  const [train, valid, test] = emptyParts(degrees, settings);
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
    // The first items go round, so that no factor is empty.
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

/** Log-normal activity: at least two a user, at most half of the items, and exactly `interactions` in all. */
function drawDegrees(settings: Settings, random: Random): Int32Array {
  const { users, items, interactions } = settings;
  const most = Math.max(2, Math.floor(items / 2));
  const degrees = new Int32Array(users).fill(2);
  const activity = new Float64Array(users).map(() => Math.exp(random.normal()));
  let left = interactions - 2 * users;
  while (left > 0) {
    let total = 0;
    for (let u = 0; u < users; u++) if (degrees[u]! < most) total += activity[u]!;
    const scale = left / total;
    let carry = 0.5;
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

/** Matrices with their offsets set and room for their indices: [train, valid, test]. */
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

/** An item that `user` does not have yet. */
function drawItem(
  user: number,
  seenBy: Int32Array,
  tastes: Int32Array,
  catalogue: Catalogue,
  settings: Settings,
  random: Random,
): number {
  let item = 0;
  // A small factor may be used up: after some draws any item will do, and then the next one free.
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

/** A rank 0 … n − 1 with p ∝ ∫ x^−s over [rank + 1, rank + 2), by inverting the integral. */
function drawRank(n: number, s: number, random: Random): number {
  const u = random.real();
  const x = s === 1 ? (n + 1) ** u : (1 + u * ((n + 1) ** (1 - s) - 1)) ** (1 / (1 - s));
  return Math.min(n - 1, Math.floor(x) - 1);
}

/** The bytes of an array in shared memory; hashing takes unshared ones. */
function copyBytes(values: Int32Array): Uint8Array {
  return new Uint8Array(values.slice().buffer);
}

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

/** A made-up title; items of one factor share their first word, so that a reader sees taste in a list. */
function syntheticTitle(item: number, factor: number): string {
  const kind = kinds[factor % kinds.length]!;
  const series = factor < kinds.length ? kind : `${kind} ${Math.floor(factor / kinds.length) + 1}`;
  return `${series}: ${manners[item % manners.length]} ${things[item % things.length]} #${item}`;
}
