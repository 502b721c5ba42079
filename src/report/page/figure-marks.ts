import * as Plot from '@observablehq/plot';
import type { Point, Series } from '../report.ts';
import type { Frame } from './frame.ts';
import type { PanelPlan } from './panel-plan.ts';
import type { SeriesLook } from './series-look.ts';

/** The colour behind the plot: halos in it keep things apart that touch. */
const page = 'var(--page)';

/** Markers on a line at most; with more points than that, every second, third … has one. */
const markers = 12;

/** Deviations below, then lines, unless the figure has dots alone, then markers. Predictions are dashed, with hollow markers. @param categories Names that stand at 0, 1, 2 …; none on a scale of numbers. */
export function lineMarks({ figure, panel, frame, looks }: PanelPlan, categories: readonly string[]): Plot.Markish[] {
  const place = placement(categories);
  const layers = panel.series.map((series): Plot.Markish[][] => {
    const { points, dashed } = series;
    const { color, symbol } = lookOf(series, looks);
    const at = { x: ({ x }: Point) => place(x), y: 'y' };
    const joined = figure.kind === 'lines';
    const every = joined ? Math.ceil(points.length / markers) : 1;
    const marked = points.filter((point, i) => i % every === 0 || i === points.length - 1 || point.chosen);
    const chosen = points.filter((point) => point.chosen);
    return [
      deviations(points, frame, at.x, color, categories.length === 0 && points.length > 1),
      joined
        ? [Plot.lineY(points, { ...at, stroke: color, strokeWidth: 1.75, strokeDasharray: dashed ? '5 4' : undefined })]
        : [],
      [
        Plot.dot(marked, {
          ...at,
          symbol,
          r: 3.2,
          fill: dashed ? page : color,
          stroke: dashed ? color : page,
          strokeWidth: dashed ? 1.5 : 0.8,
        }),
        Plot.dot(chosen, { ...at, r: 7.5, stroke: color, strokeWidth: 1.5 }),
      ],
    ];
  });
  return [0, 1, 2].flatMap((layer) => layers.flatMap((marks) => marks[layer]!));
}

/**
 * Bars side by side in each band, in the order of the series, with a whisker, and beyond it a marker where bars are wide enough. Predictions are hollow and dashed.
 * @param step Pixels of a band.
 */
export function barMarks(plan: PanelPlan, categories: readonly string[], step: number): Plot.Markish[] {
  const { panel, figure, frame, looks } = plan;
  const place = placement(categories);
  const width = Math.min(0.8 / Math.max(1, panel.series.length), 32 / step);
  const gap = width * step > 6 ? 1 : 0.25;
  const base = figure.y.scale === 'log' ? frame.y[0] : 0;
  return panel.series.flatMap((series, i): Plot.Markish[] => {
    const { points, dashed } = series;
    const { color, symbol } = lookOf(series, looks);
    const middle = ({ x }: Point) => place(x) + (i + 0.5 - panel.series.length / 2) * width;
    const beyond = (sign: 1 | -1): Plot.Markish[] => {
      const here = points.filter(({ y }) => (y < base ? -1 : 1) === sign);
      const at = { x: middle, y: ({ y, deviation = 0 }: Point) => y + sign * deviation, dy: -6 * sign };
      return [
        ...(width * step > 7 ? [Plot.dot(here, { ...at, symbol, r: 2.8, fill: color })] : []),
        Plot.dot(
          here.filter(({ chosen }) => chosen),
          { ...at, r: 6, stroke: color, strokeWidth: 1.5 },
        ),
      ];
    };
    return [
      Plot.rect(points, {
        x1: (point: Point) => middle(point) - width / 2,
        x2: (point: Point) => middle(point) + width / 2,
        y1: base,
        y2: 'y',
        insetLeft: gap,
        insetRight: gap,
        fill: color,
        fillOpacity: dashed ? 0.12 : 0.85,
        ...(dashed ? { stroke: color, strokeDasharray: '3 2' } : {}),
      }),
      ...deviations(points, frame, middle, 'currentColor', false),
      ...beyond(1),
      ...beyond(-1),
    ];
  });
}

/** One standard deviation up and down: a band along a line, or whiskers. */
function deviations(
  points: readonly Point[],
  { y: [low] }: Frame,
  x: (point: Point) => number,
  color: string,
  band: boolean,
) {
  const edges = {
    x,
    y1: ({ y, deviation = 0 }: Point) => Math.max(y - deviation, low),
    y2: ({ y, deviation = 0 }: Point) => y + deviation,
  };
  if (!points.some(({ deviation }) => deviation)) return [];
  if (band) return [Plot.areaY(points, { ...edges, fill: color, fillOpacity: 0.13 })];
  return [
    Plot.ruleX(
      points.filter(({ deviation }) => deviation),
      { ...edges, stroke: color, strokeWidth: 1.2 },
    ),
  ];
}

function lookOf({ name }: Series, looks: PanelPlan['looks']): SeriesLook {
  return looks.get(name)!;
}

/** Where an x stands: names of bands at 0, 1, 2 …, numbers at themselves. */
export function placement(categories: readonly string[]): (x: number | string) => number {
  if (categories.length === 0) return Number;
  const places = new Map(categories.map((name, i) => [name, i]));
  return (x) => places.get(String(x))!;
}
