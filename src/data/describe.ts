import type { Interactions } from './interactions.ts';
import { type Spread, spreadOf } from './spread.ts';

/** Statistics of a log. */
export interface DataInfo {
  source: string;
  sha256: string;
  users: number;
  items: number;
  /** Distinct (user, item) pairs. */
  interactions: number;
  /** interactions / (users · items). */
  density: number;
  /** Interactions per user. */
  userDegrees: Quantiles;
  /** Interactions per item. */
  itemDegrees: Quantiles;
  /** Gini coefficient of the interactions per item: 0 when all items are equally popular, near 1 when a few items have nearly all interactions. */
  popularityGini: number;
  /** Rows read, before duplicates are merged. */
  rows: number;
  /** Rows merged into an earlier row of the same (user, item) pair. */
  duplicates: number;
  /** Bad rows skipped. */
  skipped: number;
  /** Rows dropped by `minRating`. */
  belowMinRating: number;
  /** Earliest and latest time, in the log's unit. */
  times?: { from: number; to: number };
  /** Range of the ratings, before duplicates are merged. */
  ratings?: Spread;
}

/** Quantiles of a sample, with linear interpolation between neighbours (type 7 of Hyndman & Fan, 1996), and its mean. */
export interface Quantiles {
  min: number;
  p25: number;
  median: number;
  mean: number;
  p75: number;
  p90: number;
  p99: number;
  max: number;
}

/** Computes the statistics of a log: its size, the interactions per user and item, popularity, and the ranges of times and ratings. */
export function describe(log: Interactions): DataInfo {
  const userDegrees = degrees(log.users, log.userIds.size);
  const itemDegrees = degrees(log.items, log.itemIds.size);
  const interactions = log.users.length;
  const { rows, duplicates, skipped, belowMinRating } = log.report;
  const info: DataInfo = {
    source: log.source,
    sha256: log.sha256,
    users: userDegrees.length,
    items: itemDegrees.length,
    interactions,
    density: interactions / (userDegrees.length * itemDegrees.length),
    userDegrees: quantiles(userDegrees),
    itemDegrees: quantiles(itemDegrees),
    popularityGini: gini(itemDegrees),
    rows,
    duplicates,
    skipped,
    belowMinRating,
  };
  if (log.times) {
    const { min, max } = spreadOf(log.times);
    info.times = { from: min, to: max };
  }
  if (log.ratings) info.ratings = log.report.ratingsRead ?? spreadOf(log.ratings);
  return info;
}

/** Gini = Σᵢ (2i − n − 1) xᵢ / (n Σ x), x ascending, i from 1. */
function gini(ascending: Int32Array): number {
  const n = ascending.length;
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < n; i++) {
    total += ascending[i]!;
    weighted += (2 * (i + 1) - n - 1) * ascending[i]!;
  }
  return weighted / (n * total);
}

/** The number of entries of each code, sorted ascending (no longer by code). */
function degrees(codes: Int32Array, size: number): Int32Array {
  const counts = new Int32Array(size);
  for (const code of codes) counts[code]!++;
  return counts.sort();
}

function quantiles(ascending: Int32Array): Quantiles {
  const at = (q: number): number => {
    const place = q * (ascending.length - 1);
    const low = Math.floor(place);
    const below = ascending[low]!;
    return below + (place - low) * ((ascending[low + 1] ?? below) - below);
  };
  const mean = ascending.reduce((sum, x) => sum + x, 0) / ascending.length;
  return { min: at(0), p25: at(0.25), median: at(0.5), mean, p75: at(0.75), p90: at(0.9), p99: at(0.99), max: at(1) };
}
