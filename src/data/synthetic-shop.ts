// Generates a made-up shop: its items with attributes, and what people did with them. For guides, examples and tests. The same options always give the same shop.

import { type Random, randomStream, shuffle } from '../array/random.ts';
import { TaurecError } from '../errors.ts';

/** Size and shape of a made-up shop. */
export interface ShopOptions {
  /** Number of people, ≥ 1. Default 5000. */
  users?: number;
  /** Number of items, ≥ 8. Default 800. */
  items?: number;
  /** Seed of all draws. Default 0. */
  seed?: number;
  /**
   * Share of an item's taste that its attributes explain, 0 to .5. Default .5. It is e in v = √e·a + √(1 − e)·r, where a is the part of the item's categories, brand and price, and r the item's own part, both with unit variance in
   * each of the 16 dimensions. So no program can learn more than this share from attributes alone.
   */
  explained?: number;
}

/** An item of a made-up shop. */
export interface ShopItem {
  readonly id: string;
  readonly title: string;
  /** The department, then the shelf within it. */
  readonly category: readonly string[];
  readonly brand: string;
  /** In the currency of the shop, with two decimals. */
  readonly price: number;
  /** False for an item that was sold out or discontinued before the last day. */
  readonly available: boolean;
  /** The day on which it could first be bought, in seconds since 1970-01-01 UTC. */
  readonly released: number;
}

/** The kinds of events in a made-up shop, in the order in which they happen to an item. */
export const shopEvents = ['view', 'cart', 'purchase', 'return'] as const;

/** One action of a person on an item. */
export interface ShopEvent {
  readonly user: string;
  readonly item: string;
  /** Seconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly event: (typeof shopEvents)[number];
}

/** A made-up shop: items in the order of their ids, events in the order of time. */
export interface Shop {
  readonly items: readonly ShopItem[];
  readonly events: readonly ShopEvent[];
}

/** Dimensions of taste. */
const DIMENSIONS = 16;
const DAY = 86_400;
/** The first day: 2025-01-01. */
const FIRST = 1_735_689_600;
const DAYS = 180;
/** Mean number of visits of a person, and the most. */
const VISITS = 5;
const MOST_VISITS = 40;
/** Length of a person's taste: larger tastes make choices clearer. */
const TASTE = 0.55;

const departments: Readonly<Record<string, readonly string[]>> = {
  shoes: ['running', 'hiking', 'sandals', 'boots'],
  clothing: ['shirts', 'jackets', 'trousers', 'socks'],
  kitchen: ['pans', 'knives', 'cups', 'storage'],
  garden: ['tools', 'seeds', 'pots', 'lights'],
  toys: ['puzzles', 'blocks', 'dolls', 'trains'],
  books: ['crime', 'travel', 'cooking', 'history'],
  sports: ['yoga', 'cycling', 'climbing', 'swimming'],
  office: ['paper', 'pens', 'lamps', 'bags'],
};
const brands =
  'Alderway Brenholm Castellane Dunmere Elvsund Fairnook Grenadel Hollowtree Isenfeld Juniperly Kestrow Lumarra'.split(
    ' ',
  );
const manners = 'Quiet Crimson Hidden Golden Little Broad Gentle Northern Silver Wandering Midnight Plain Second'.split(
  ' ',
);

/**
 * Generates a shop. A person u has a taste, a vector of 16 dimensions, near the attributes of two shelves that they like; at a visit they look at items drawn with p ∝ exp(u·v + popularity) among those released, and some of what they see goes
 * into the cart, is bought, and is sent back. The better an item suits a person, the more of these steps follow; a higher price leads to fewer. An item that is not available any more is seen, but not bought.
 * @throws TaurecError `bad-option`
 */
export function syntheticShop(options: ShopOptions = {}): Shop {
  const settings = withDefaults(options);
  const shelf = makeShelf(settings, randomStream(settings.seed, 'shop-items'));
  const random = randomStream(settings.seed, 'shop-events');
  const events: (ShopEvent & { readonly order: number })[] = [];
  const weights = new Float64Array(settings.items);
  for (let u = 0; u < settings.users; u++) {
    const user = `u${String(u + 1).padStart(5, '0')}`;
    const taste = drawTaste(shelf, random);
    const visits = Math.min(MOST_VISITS, 1 + Math.floor(VISITS * Math.exp(0.8 * random.normal() - 0.32)));
    for (let item = 0; item < settings.items; item++) {
      let score = shelf.popularity[item]!;
      for (let c = 0; c < DIMENSIONS; c++) score += taste[c]! * shelf.vectors[item * DIMENSIONS + c]!;
      weights[item] = Math.exp(score);
    }
    for (let v = 0; v < visits; v++) visit(user, weights, shelf, random, events);
  }
  events.sort((a, b) => a.time - b.time || a.order - b.order);
  return { items: shelf.items, events: events.map(({ order: _, ...event }) => event) };
}

/** Items, with what only the generator knows. */
interface Shelf {
  readonly items: readonly ShopItem[];
  /** [items × 16] v: what an item is like. */
  readonly vectors: Float64Array;
  /** [items] added to the score of every person. */
  readonly popularity: Float64Array;
  /** [items] the time from which the item cannot be bought; Infinity for one that is available. */
  readonly gone: Float64Array;
  /** The attribute part of each shelf: [16] by department and shelf. */
  readonly places: readonly Float64Array[];
}

function makeShelf({ items: count, explained }: Settings, random: Random): Shelf {
  const normals = () => Float64Array.from({ length: DIMENSIONS }, () => random.normal());
  const names = Object.entries(departments).flatMap(([department, shelves]) =>
    shelves.map((shelf) => [department, shelf] as const),
  );
  const ofDepartment = Object.fromEntries(Object.keys(departments).map((name) => [name, normals()]));
  // Shelves of one department are alike: each dimension keeps unit variance.
  const places = names.map(([department]) => mixed(ofDepartment[department]!, normals(), 0.5));
  const ofBrand = brands.map(normals);
  const ofPrice = normals();
  const items: ShopItem[] = [];
  const vectors = new Float64Array(count * DIMENSIONS);
  const popularity = new Float64Array(count);
  const gone = new Float64Array(count).fill(Infinity);
  const ranks = shuffle(
    Int32Array.from({ length: count }, (_, i) => i),
    random,
  );
  for (let i = 0; i < count; i++) {
    // The first items take the shelves in turn, so that none stays empty.
    const place = i < names.length ? i : random.integer(names.length);
    const brand = random.integer(brands.length);
    const level = random.normal();
    const priced = ofPrice.map((x) => x * level);
    const attributes = mixed(mixed(places[place]!, ofBrand[brand]!, 0.7), priced, 0.85);
    vectors.set(mixed(attributes, normals(), explained), i * DIMENSIONS);
    popularity[i] = -0.7 * Math.log(1 + ranks[i]!);
    const released = random.real() < 0.75 ? FIRST : FIRST + DAY * random.integer(DAYS - 20);
    const ends = random.real() < 0.12;
    if (ends) gone[i] = released + (FIRST + DAYS * DAY - released) * (0.3 + 0.6 * random.real());
    const [department, shelf] = names[place]!;
    items.push({
      id: `p${String(i + 1).padStart(4, '0')}`,
      title: `${brands[brand]} ${manners[random.integer(manners.length)]} ${shelf} ${i + 1}`,
      category: [department, shelf],
      brand: brands[brand]!,
      price: Math.max(1, Math.round(Math.exp(3.2 + 0.8 * level) * 100) / 100),
      available: !ends,
      released,
    });
  }
  return { items, vectors, popularity, gone, places };
}

/** √share·a + √(1 − share)·b: of unit variance where a and b are, independently. */
function mixed(a: Float64Array, b: Float64Array, share: number): Float64Array {
  return a.map((x, c) => Math.sqrt(share) * x + Math.sqrt(1 - share) * b[c]!);
}

/** A person's taste: two shelves that they like, and something of their own. */
function drawTaste({ places }: Shelf, random: Random): Float64Array {
  const [first, second] = [places[random.integer(places.length)]!, places[random.integer(places.length)]!];
  return first.map((x, c) => TASTE * (0.6 * x + 0.4 * second[c]! + 0.7 * random.normal()));
}

/** A visit: a few items are seen, one after another, and some of them bought. */
function visit(
  user: string,
  weights: Float64Array,
  { items, gone }: Shelf,
  random: Random,
  events: (ShopEvent & { readonly order: number })[],
): void {
  let time = FIRST + Math.floor(DAYS * DAY * random.real());
  const add = (item: number, event: ShopEvent['event'], at: number) =>
    events.push({ user, item: items[item]!.id, time: at, event, order: events.length });
  const open = items.map(({ released }, item) => (released <= time ? weights[item]! : 0));
  const total = open.reduce((sum, weight) => sum + weight, 0);
  const seen = 2 + random.integer(6);
  for (let s = 0; s < seen && total > 0; s++) {
    let left = random.real() * total;
    let item = 0;
    while (item < open.length - 1 && left >= open[item]!) left -= open[item++]!;
    // The end of the list may be an item that is not out yet.
    if (open[item] === 0) continue;
    time += 20 + random.integer(120);
    add(item, 'view', time);
    // 0 for a typical item, above for one that suits.
    const suits = Math.log((weights[item]! * open.length) / total);
    const { price } = items[item]!;
    const wanted = 1 / (1 + Math.exp(2.2 - 0.35 * suits + 0.3 * Math.log(price / 25)));
    if (time >= gone[item]! || random.real() >= wanted) continue;
    time += 5 + random.integer(60);
    add(item, 'cart', time);
    if (random.real() >= 0.6) continue;
    time += 60 + random.integer(300);
    add(item, 'purchase', time);
    if (random.real() < 0.08) add(item, 'return', time + DAY * (3 + random.integer(12)));
  }
}

type Settings = Required<ShopOptions>;

/** Fills in the defaults and checks all options. */
function withDefaults(options: ShopOptions): Settings {
  const settings = { users: 5000, items: 800, seed: 0, explained: 0.5, ...options };
  const check = (option: string, got: number, good: boolean, expected: string) => {
    if (!good) throw new TaurecError('bad-option', { option, got, expected });
  };
  const { users, items, explained } = settings;
  check('users', users, Number.isInteger(users) && users >= 1, 'a whole number ≥ 1');
  check('items', items, Number.isInteger(items) && items >= 8, 'a whole number ≥ 8');
  check('explained', explained, explained >= 0 && explained <= 0.5, 'a number from 0 to 0.5');
  return settings;
}
