import type { ReadReport } from '../data/interactions.ts';
import { count } from './output.ts';

/** Tells users who set no --min-rating that every rating counts as a positive. Undefined where all ratings are equal. */
export function ratingNote(
  reports: readonly ReadReport[],
  interactions: number,
  minRating: number | undefined,
): string | undefined {
  const ranges = reports.flatMap(({ ratings }) => ratings ?? []);
  const min = Math.min(...ranges.map((range) => range.min));
  const max = Math.max(...ranges.map((range) => range.max));
  if (minRating !== undefined || !(min < max)) return undefined;
  return `Ratings go from ${min} to ${max}, and all ${count(interactions)} interactions count as positive; --min-rating NUMBER keeps only those rated at least NUMBER.`;
}
