import type { Csr } from '../array/csr.ts';
import type { Random } from '../array/random.ts';
import { AliasTable } from './alias-table.ts';
import { HardPool } from './hard-pool.ts';
import { ItemPositions } from './item-positions.ts';
import type { Pool, PoolBatch } from './sampler.ts';
import type { PoolName, PoolSetting } from './sampler-options.ts';

/** [items] number of interactions of each item. */
export function itemDegrees(train: Csr): Int32Array {
  const degrees = new Int32Array(train.columns);
  for (const i of train.indices) degrees[i]!++;
  return degrees;
}

/** A table that draws items ∝ degree^α. */
export function popularityTable(train: Csr, alpha: number): AliasTable {
  return new AliasTable(Float64Array.from(itemDegrees(train), (degree) => degree ** alpha));
}

/** The factory of each built-in pool. */
const pools: Readonly<Record<PoolName, (setting: PoolSetting) => Pool>> = {
  // With n at least the size of the catalogue, a pool of distinct items is the whole catalogue.
  uniform: ({ train: { columns: items }, options: { negatives: n } }) =>
    Number(n) >= items ? new AllItemsPool(items) : new UniformPool(items, n as number),
  popularity: ({ train, options: { negatives, alpha, logQ } }) => {
    const table = popularityTable(train, alpha);
    return new PopularityPool(table, negatives as number, logQ ? logQWeights(table) : undefined);
  },
  'in-batch': ({ train, options: { logQ }, positives }) => {
    const items = train.columns;
    // An item enters the batch's positives ∝ its degree, hence α = 1.
    const corrections = logQ ? logQWeights(popularityTable(train, 1)) : undefined;
    return new InBatchPool(items, Math.min(items, positives), corrections);
  },
  all: ({ train }) => new AllItemsPool(train.columns),
  hard: (setting) =>
    Number(setting.options.negatives) >= setting.train.columns
      ? new AllItemsPool(setting.train.columns)
      : new HardPool(setting),
};

/** Creates the pool of the options: a built-in one, or that of a custom pool. */
export function createPool(setting: PoolSetting): Pool {
  const { pool } = setting.options;
  if (typeof pool === 'string') return pools[pool](setting);
  return pool.openPool(setting);
}

/** [items] 1 / (q_j · items), the importance weight that turns draws ∝ q into uniform ones; its mean over draws is 1. An item that is never drawn has weight 0. */
function logQWeights(table: AliasTable): Float32Array {
  return Float32Array.from(table.probabilities, (q) => (q > 0 ? 1 / (q * table.probabilities.length) : 0));
}

/** Every item, in order: the exact softmax over the catalogue. */
class AllItemsPool implements Pool {
  readonly capacity: number;
  readonly positions: ItemPositions;
  readonly #items: Int32Array;

  constructor(items: number) {
    this.capacity = items;
    this.positions = new ItemPositions(items);
    this.#items = Int32Array.from({ length: items }, (_, i) => i);
    for (let i = 0; i < items; i++) this.positions.add(i);
  }

  draw(): Int32Array {
    return this.#items;
  }

  weights(): undefined {
    return undefined;
  }
}

/** n distinct items; every set of n is equally likely (Floyd's algorithm, one random number per item). */
class UniformPool implements Pool {
  readonly capacity: number;
  readonly positions: ItemPositions;
  readonly #total: number;
  readonly #items: Int32Array;

  constructor(items: number, n: number) {
    this.capacity = n;
    this.positions = new ItemPositions(items);
    this.#total = items;
    this.#items = new Int32Array(n);
  }

  draw(_batch: PoolBatch, random: Random): Int32Array {
    const { positions, capacity } = this;
    positions.clear();
    const first = this.#total - capacity;
    for (let k = 0; k < capacity; k++) {
      // Step k draws from 0 … first + k; a repeat takes first + k, which no earlier step could draw.
      const drawn = random.integer(first + k + 1);
      const item = positions.of(drawn) < 0 ? drawn : first + k;
      positions.add(item);
      this.#items[k] = item;
    }
    return this.#items;
  }

  weights(): undefined {
    return undefined;
  }
}

/** Collects drawn items and merges repeats: each item once, with its multiplicity as weight, times its correction if there is one. */
class MergedItems {
  readonly positions: ItemPositions;
  readonly #items: Int32Array;
  readonly #weights: Float32Array;
  /** [items] logQ corrections; absent means all 1. */
  readonly #corrections?: Float32Array;

  constructor(items: number, capacity: number, corrections?: Float32Array) {
    this.positions = new ItemPositions(items);
    this.#items = new Int32Array(capacity);
    this.#weights = new Float32Array(capacity);
    this.#corrections = corrections;
  }

  /** Adds one draw of an item. */
  add(item: number): void {
    const weight = this.#corrections ? this.#corrections[item]! : 1;
    const position = this.positions.of(item);
    if (position >= 0) {
      this.#weights[position]! += weight;
      return;
    }
    this.#items[this.positions.size] = item;
    this.#weights[this.positions.size] = weight;
    this.positions.add(item);
  }

  /** The distinct items, in the order of their first draw. */
  items(): Int32Array {
    return this.#items.subarray(0, this.positions.size);
  }

  /** Their weights, in the same order. */
  weights(): Float32Array {
    return this.#weights.subarray(0, this.positions.size);
  }
}

/** n draws with replacement ∝ degree^α, with repeats merged: at most n distinct items. */
class PopularityPool implements Pool {
  readonly capacity: number;
  readonly positions: ItemPositions;
  readonly #table: AliasTable;
  readonly #draws: number;
  readonly #merged: MergedItems;

  constructor(table: AliasTable, n: number, corrections?: Float32Array) {
    const items = table.probabilities.length;
    this.capacity = Math.min(n, items);
    this.#table = table;
    this.#draws = n;
    this.#merged = new MergedItems(items, this.capacity, corrections);
    this.positions = this.#merged.positions;
  }

  draw(_batch: PoolBatch, random: Random): Int32Array {
    this.positions.clear();
    for (let k = 0; k < this.#draws; k++) this.#merged.add(this.#table.draw(random));
    return this.#merged.items();
  }

  weights(): Float32Array {
    return this.#merged.weights();
  }
}

/** The positives of the batch, with repeats merged: an item is drawn ∝ its degree. No random numbers. */
class InBatchPool implements Pool {
  readonly capacity: number;
  readonly positions: ItemPositions;
  readonly #merged: MergedItems;

  constructor(items: number, capacity: number, corrections?: Float32Array) {
    this.capacity = capacity;
    this.#merged = new MergedItems(items, capacity, corrections);
    this.positions = this.#merged.positions;
  }

  draw({ positives }: PoolBatch): Int32Array {
    this.positions.clear();
    for (let k = 0; k < positives.length; k++) this.#merged.add(positives[k]!);
    return this.#merged.items();
  }

  weights(): Float32Array {
    return this.#merged.weights();
  }
}
