import type { MapItem } from '../../session.ts';
import type { Mark } from './map-picture.ts';

/** Values of an attribute that have a colour of their own; the others share the last one. */
export const MOST_COLORS = 7;

/** Items up to which every point has its name beside it. */
const MOST_LABELS = 24;

/** What a colour of the map means. */
export interface Meaning {
  readonly label: string;
  /** The position of the colour. */
  readonly color: number;
}

/** The values of the items with a colour each, the most frequent first; then "other" where there are more, or items without a value. */
export function meaningsOf(items: readonly MapItem[]): readonly Meaning[] {
  const counts = new Map<string, number>();
  for (const { value } of items) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  const frequent = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, MOST_COLORS);
  const named = frequent.map(([label], color) => ({ label, color }));
  const others = items.some(({ value }) => value === undefined || !frequent.some(([label]) => label === value));
  return others ? [...named, { label: 'other', color: MOST_COLORS }] : named;
}

/** Radii by popularity, from 2 to 9 pixels: the area of a point is in proportion to its users, above the least. */
export function radiiOf(items: readonly MapItem[]): readonly number[] {
  const most = Math.max(1, ...items.map(({ popularity }) => popularity));
  return items.map(({ popularity }) => Math.sqrt(4 + 77 * (popularity / most)));
}

/** How much of the strong colour a point has by its popularity, from 0 to 1, on a logarithmic scale. */
export function strengthsOf(items: readonly MapItem[]): readonly number[] {
  const most = Math.log1p(Math.max(1, ...items.map(({ popularity }) => popularity)));
  return items.map(({ popularity }) => Math.log1p(popularity) / most);
}

/**
 * The points by popularity or by the value of an attribute; of a small map with names.
 * @param colors of attributes: MOST_COLORS and one for others; of popularity: the weak and the strong one, as `rgb(…)`
 */
export function marksOf(
  items: readonly MapItem[],
  by: 'popularity' | 'value',
  colors: readonly string[],
): readonly Mark[] {
  const radii = radiiOf(items);
  const strengths = strengthsOf(items);
  const positions = new Map(meaningsOf(items).map(({ label, color }) => [label, color]));
  const ofValue = (value: string | undefined) =>
    colors[(value === undefined ? undefined : positions.get(value)) ?? MOST_COLORS]!;
  return items.map(({ id, title, value }, i) => ({
    radius: radii[i]!,
    color: by === 'value' ? ofValue(value) : mix(colors[0]!, colors[1]!, strengths[i]!),
    ...(items.length <= MOST_LABELS && { label: title ?? id }),
  }));
}

/** Between two colours `rgb(r, g, b)`. */
export function mix(a: string, b: string, part: number): string {
  const [from, to] = [a, b].map((color) => (color.match(/[\d.]+/g) ?? []).map(Number));
  const channels = [0, 1, 2].map((c) => Math.round(from![c]! + part * (to![c]! - from![c]!)));
  return `rgb(${channels.join(', ')})`;
}
