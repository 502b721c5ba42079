import type { Figure, Panel, Point } from '../report.ts';
import type { Interval } from './ticks.ts';

/** The part of the plane that a panel shows. */
export interface Frame {
  /** An interval, or the names of the bands. */
  readonly x: Interval | readonly string[];
  readonly y: Interval;
}

/** Whether x has names rather than a scale of numbers. */
export function hasBands({ kind, x }: Figure): boolean {
  return kind === 'bars' || x.scale === 'band';
}

/** Beyond these the arithmetic of scales breaks down. */
const least = 1e-100;
const greatest = 1e100;

/** A figure without the points that its axes cannot show, and a sentence on each kind of these. Deviations that are no numbers, as of a single seed, are left out. */
export function plottable(figure: Figure): { readonly figure: Figure; readonly notes: readonly string[] } {
  const left = { unusable: 0, below: 0 };
  const bands = hasBands(figure);
  const keep = ({ x, y }: Point): boolean => {
    const numbers = bands ? [y] : [x, y];
    const logs = [...(figure.x.scale === 'log' && !bands ? [x] : []), ...(figure.y.scale === 'log' ? [y] : [])];
    if (!numbers.every(drawable)) left.unusable++;
    else if (logs.some((value) => Number(value) < least)) left.below++;
    else return true;
    return false;
  };
  const panels = figure.panels.map(({ title, series, reference }) => ({
    title,
    reference: reference && drawable(reference.y) ? reference : undefined,
    series: series.map((one) => ({
      ...one,
      points: one.points
        .filter(keep)
        .map((point) => (drawable(point.deviation) ? point : { ...point, deviation: undefined })),
    })),
  }));
  const notes = [
    ...(left.unusable ? [`${points(left.unusable)} not shown: not a finite number.`] : []),
    ...(left.below ? [`${points(left.below)} not shown: 0 and less have no place on a logarithmic axis.`] : []),
  ];
  return { figure: { ...figure, panels }, notes };
}

function drawable(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= greatest;
}

/** What each panel shows: all the same, unless the figure says otherwise. */
export function frames(figure: Figure): Frame[] {
  if (figure.ownScales) return figure.panels.map((panel) => frame(figure, [panel]));
  const shared = frame(figure, figure.panels);
  return figure.panels.map(() => shared);
}

function frame(figure: Figure, panels: readonly Panel[]): Frame {
  const points = panels.flatMap(({ series }) => series.flatMap((one) => one.points));
  const log = figure.y.scale === 'log';
  const ys = points.flatMap(({ y, deviation = 0 }) => [y, y + deviation, y - deviation]);
  const references = panels.flatMap(({ reference }) => (reference ? [reference.y] : []));
  const y = interval([...ys, ...references, ...(figure.kind === 'bars' && !log ? [0] : [])], log);
  if (hasBands(figure)) return { x: [...new Set(points.map((point) => String(point.x)))], y: widened(y, log, figure) };
  const x = interval(
    points.map((point) => point.x as number),
    figure.x.scale === 'log',
  );
  return { x, y: widened(y, log, figure) };
}

/** From the least to the greatest of the values that the scale has; around them when they are as good as equal; [0, 1] or [.1, 1] for none. */
function interval(values: readonly number[], log: boolean): Interval {
  const shown = values.filter((value) => !log || value >= least);
  if (shown.length === 0) return [log ? 0.1 : 0, 1];
  const low = shown.reduce((a, b) => Math.min(a, b));
  const high = shown.reduce((a, b) => Math.max(a, b));
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > 1e-9 * size && high - low > least) return [low, high];
  if (log) return [low / 2, high * 2];
  const margin = size > least ? size / 10 : 1;
  return [low - margin, high + margin];
}

/** With room above and below, except where bars stand on the axis. */
function widened([low, high]: Interval, log: boolean, { kind }: Figure): Interval {
  if (log) {
    const factor = (high / low) ** 0.05;
    return [low / factor, high * factor];
  }
  const margin = (high - low) * 0.05;
  return [kind === 'bars' && low === 0 ? 0 : low - margin, kind === 'bars' && high === 0 ? 0 : high + margin];
}

function points(count: number): string {
  return `${count} ${count === 1 ? 'point is' : 'points are'}`;
}
