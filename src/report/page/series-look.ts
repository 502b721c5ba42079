import type { Report } from '../report.ts';

/** How a series is drawn wherever it appears in a report. */
export interface SeriesLook {
  /** A CSS colour: a variable of the page, which has a value for light and one for dark. */
  readonly color: string;
  /** So that colour is not the only sign. */
  readonly symbol: (typeof symbols)[number];
}

export type SeriesLooks = ReadonlyMap<string, SeriesLook>;

/** Told apart with every common kind of colour blindness, and 3:1 or more against the page, on white and on black. The last of eight is a tint, for reports with that many. */
export const palette = {
  light: ['#0f5fb4', '#e63c00', '#0b877d', '#cd5abf', '#84763c', '#3f258a', '#4a3038', '#3a97ea'],
  dark: ['#3aa0ff', '#fa7020', '#35cf98', '#d37cb8', '#ecd83c', '#7f63d8', '#f7f3e3', '#b4d2ff'],
} as const;

/** Seven, so that with eight colours 56 series look unlike each other. */
const symbols = ['circle', 'square', 'triangle', 'diamond', 'cross', 'star', 'wye'] as const;

/** A look for each name of a series, in the order in which they appear in the report. */
export function seriesLooks(report: Report): SeriesLooks {
  const figures = report.sections.flatMap((section) => section.figures ?? []);
  const series = figures.flatMap(({ panels }) => panels.flatMap((panel) => panel.series));
  return new Map([...new Set(series.map(({ name }) => name))].map((name, i) => [name, look(i)]));
}

function look(i: number): SeriesLook {
  return { color: `var(--series-${i % palette.light.length})`, symbol: symbols[i % symbols.length]! };
}
