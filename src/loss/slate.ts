import type { Floats } from './loss.ts';
import { sigmoid } from './softplus.ts';

/** A positive's top competitors among the negatives, and the share of each; the shares sum to 1. */
export interface Slate {
  readonly positions: readonly number[];
  readonly shares: readonly number[];
}

/**
 * The negatives with the largest keys that together weigh `size`; all of them when they weigh less. The last one, or those that tie for the last place, come in
 * with the part of their weight that still fits, so that the slate depends neither on the order of the negatives nor on whether one of weight 2 stands there twice.
 */
export function slateOf(keys: Floats, size: number, weights?: Floats): Slate {
  const weightOf = (j: number) => (weights ? weights[j]! : 1);
  const sorted = Array.from(keys.keys())
    .filter((j) => weightOf(j) > 0)
    .sort((a, b) => keys[b]! - keys[a]!);
  const positions: number[] = [];
  const taken: number[] = [];
  let room = size;
  for (let from = 0, to = 0; from < sorted.length && room > 0; from = to) {
    let tied = 0;
    for (; to < sorted.length && keys[sorted[to]!] === keys[sorted[from]!]; to++) tied += weightOf(sorted[to]!);
    const part = Math.min(1, room / tied);
    for (const j of sorted.slice(from, to)) {
      positions.push(j);
      taken.push(part * weightOf(j));
    }
    room -= tied;
  }
  const total = taken.reduce((a, b) => a + b, 0);
  return { positions, shares: taken.map((weight) => weight / total) };
}

/** Competition intensity of a positive: the mean of sigmoid((s_j − s_i)/τ) over its slate, between 0 (far above its competitors) and 1 (far below). */
export function competitionIntensity(slate: Slate, negatives: Floats, positive: number, tau: number): number {
  return slate.positions.reduce(
    (sum, j, place) => sum + slate.shares[place]! * sigmoid((negatives[j]! - positive) / tau),
    0,
  );
}
