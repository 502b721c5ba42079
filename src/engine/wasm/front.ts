import { scoreItems } from './item-rows.ts';
import type { ThreadMemory } from './memory.ts';

/** Halvings of the interval in which the bar lies, and the share of `most` that is near enough. */
const HALVINGS = 30;
const NEARLY = 0.9;

/**
 * The highest-scoring items of one query (`Engine.front`). All scores are written down, and a bar is found by halving, with a count of the scores above at each step: a heap of a thousand items takes
 * longer than the scores themselves. The scores lie in the region of a person's gradients, which every evaluation overwrites.
 */
export function front(memory: ThreadMemory, query: Float64Array, most: number): Int32Array {
  const { floats, kernels, layout, plan } = memory;
  const { at } = layout;
  const scoresAt = at.personGradients;
  floats.set(query, at.personUser >>> 2);
  const one = { queries: at.personUser, m: 1, scores: scoresAt, scoreStride: 0 };
  scoreItems(memory, { ...one, accumulate: false, scratch: at.threadItems }, 0, plan.items);
  const scores = floats.subarray(scoresAt >>> 2, (scoresAt >>> 2) + plan.items);
  const bar = barOf(scores, most, (bar) => kernels.countAbove(scoresAt, plan.items, bar, false));
  const items: number[] = [];
  for (let item = 0; item < scores.length; item++) if (scores[item]! > bar) items.push(item);
  return Int32Array.from(items);
}

/** A number that at most `most` scores exceed, and nearly so many. */
function barOf(scores: Float32Array, most: number, above: (bar: number) => number): number {
  let low = Infinity;
  let high = -Infinity;
  // The extremes of a few scores: a first interval.
  for (let item = 0; item < scores.length; item += Math.ceil(scores.length / 64)) {
    low = Math.min(low, scores[item]!);
    high = Math.max(high, scores[item]!);
  }
  if (above(-Infinity) <= most) return -Infinity;
  for (let width = high - low || 1; above(high) > most; width *= 2) {
    low = high;
    high = Math.fround(high + width);
  }
  while (above(low) <= most) low = Math.fround(2 * low - high - 1);
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = Math.fround((low + high) / 2);
    const count = above(middle);
    if (count > most) low = middle;
    else high = middle;
    if (count <= most && count >= NEARLY * most) break;
  }
  return high;
}
