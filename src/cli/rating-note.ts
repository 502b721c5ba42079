import type { ReadReport } from '../data/interactions.ts';
import { count } from './output.ts';

/** For who has ratings and did not say which of them count: that all do. Undefined when there is nothing to choose between. */
export function ratingNote(
  reports: readonly ReadReport[],
  interactions: number,
  minRating: number | undefined,
): string | undefined {
  const ranges = reports.flatMap(({ ratings }) => ratings ?? []);
  const min = Math.min(...ranges.map((range) => range.min));
  const max = Math.max(...ranges.map((range) => range.max));
  if (minRating !== undefined || !(min < max)) return undefined;
  return `Ratings go from ${min} to ${max}, and all ${count(interactions)} interactions count as positive; --min-rating NUMBER keeps those rated at least so high.`;
}
