import * as z from 'zod';
import { type Csr, csrRow, csrTranspose } from '../array/csr.ts';
import { checkOptions, notNegative, option, positive, whole } from '../option.ts';
import { itemsByCosine, type WeightedItems, weightedItemsRanker } from './baselines.ts';
import { inSlices, type WorkOptions } from './in-slices.ts';
import type { UserRanker } from './rankers.ts';

/** The declarations of the options of `slimRanker`. */
export const slimShape = {
  /** L1 regularisation, ≥ 0: a larger one leaves fewer weights. Default 1. */
  l1: option(notNegative.default(1), {
    flag: '--slim-l1 <number>',
    help: 'L1 regularisation of SLIM',
    group: 'Baselines:',
  }),
  /** L2 regularisation, > 0. Default 100. */
  l2: option(positive.default(100), {
    flag: '--slim-l2 <number>',
    help: 'L2 regularisation of SLIM',
    group: 'Baselines:',
  }),
  /** K, the number of most similar items (by cosine) that may have a weight for an item, ≥ 1; as many as there are items: all that share a user. Default 200. */
  candidates: option(whole(1).default(200), {
    flag: '--slim-candidates <number>',
    help: 'most similar items from which SLIM chooses those with a weight',
    group: 'Baselines:',
  }),
  /** Coordinate descent ends when no weight changes by more, > 0. Default 1e-4. */
  tolerance: option(positive.default(1e-4), { help: 'largest change of a weight at which coordinate descent ends' }),
};

const schema = z.object(slimShape);
type SlimSettings = Readonly<z.output<typeof schema>>;

/** Options of `slimRanker`. */
export interface SlimOptions extends Readonly<z.input<typeof schema>>, WorkOptions {}

/** Coordinate descent over an item's candidates ends at the latest after so many passes. */
const MAX_PASSES = 1000;

/**
 * A ranker by SLIM, a sparse linear model of items by items. The score of item j is Σ_{i ∈ P_u} W_ij, where column w of item j minimises
 * ½‖x_j − X·w‖² + ½·l2·‖w‖² + l1·‖w‖₁ under w ≥ 0 and w_j = 0, by coordinate descent over the `candidates` items most similar to j (fsSLIM).
 * X holds 1 for each training interaction; interaction weights are ignored. A pass over an item costs the number of interactions of its candidates.
 * Building yields to the event loop about every 50 ms. Source: Ning & Karypis, ICDM 2011.
 * @throws TaurecError `bad-option`, `aborted`
 */
export async function slimRanker(train: Csr, options: SlimOptions = {}): Promise<UserRanker> {
  return weightedItemsRanker(train, transposed(await inSlices(columns(train, checkOptions(schema, options)), options)));
}

/** The column of W of each item; yields the finished share after each item. */
function* columns(train: Csr, options: SlimSettings): Generator<number, WeightedItems[]> {
  const nearest = itemsByCosine(train, 0);
  const descend = descent(train, options);
  const all: WeightedItems[] = [];
  for (let item = 0; item < train.columns; item++) {
    all.push(descend(item, nearest(item, options.candidates).items));
    yield all.length / train.columns;
  }
  return all;
}

/** Returns a function that finds the weights above 0 of one item's candidates by coordinate descent. */
function descent(
  train: Csr,
  { l1, l2, tolerance }: SlimSettings,
): (item: number, candidates: Int32Array) => WeightedItems {
  const holders = csrTranspose(train);
  // r = x_j − X·w, for the item at hand; all 0 between two items.
  const residual = new Float64Array(train.rows);
  const weights = new Float64Array(train.columns);
  const add = (item: number, value: number) => {
    for (const user of csrRow(holders, item)) residual[user]! += value;
  };

  /** Sets each of the items' weights to its optimum, the others fixed. Returns the largest change. */
  const pass = (items: Iterable<number>) => {
    let largest = 0;
    for (const item of items) {
      const users = csrRow(holders, item);
      let sum = 0;
      for (let e = 0; e < users.length; e++) sum += residual[users[e]!]!;
      const before = weights[item]!;
      const after = Math.max(0, (sum + users.length * before - l1) / (users.length + l2));
      if (after === before) continue;
      weights[item] = after;
      add(item, before - after);
      largest = Math.max(largest, Math.abs(after - before));
    }
    return largest;
  };

  return (item, candidates) => {
    add(item, 1);
    // After each pass over all candidates only those with a weight are passed over until they rest: most candidates never get one.
    let passes = 0;
    while (passes++ < MAX_PASSES && pass(candidates) > tolerance) {
      const active = candidates.filter((i) => weights[i]! > 0);
      while (passes++ < MAX_PASSES && pass(active) > tolerance);
    }
    const items = candidates.filter((i) => weights[i]! > 0);
    const found = { items, weights: Float64Array.from(items, (i) => weights[i]!) };
    for (const user of csrRow(holders, item)) residual[user] = 0;
    for (const i of candidates) {
      weights[i] = 0;
      for (const user of csrRow(holders, i)) residual[user] = 0;
    }
    return found;
  };
}

/** The rows of W from its columns; the items of a row are ascending. */
function transposed(columns: readonly WeightedItems[]): WeightedItems[] {
  const lengths = new Int32Array(columns.length);
  for (const { items } of columns) for (const i of items) lengths[i]!++;
  const rows = Array.from(lengths, (length) => ({ items: new Int32Array(length), weights: new Float64Array(length) }));
  lengths.fill(0);
  columns.forEach(({ items, weights }, column) => {
    items.forEach((i, n) => {
      const at = lengths[i]!++;
      rows[i]!.items[at] = column;
      rows[i]!.weights[at] = weights[n]!;
    });
  });
  return rows;
}
