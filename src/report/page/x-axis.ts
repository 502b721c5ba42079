import type { Figure } from '../report.ts';
import { type Frame, hasBands } from './frame.ts';
import { type Interval, roundTicks, type Tick, textWidth, valueTicks } from './ticks.ts';

/** The horizontal axis of a panel. */
export interface XAxis {
  readonly type: 'linear' | 'log';
  readonly domain: Interval;
  readonly ticks: readonly Tick[];
  /** The names of bands, of which number i is drawn at i; none on a scale of numbers. */
  readonly categories: readonly string[];
  /** Pixels between the ends of the axis and of the domain. */
  readonly inset: number;
  /** Labels stand slantwise. */
  readonly rotated: boolean;
  /** Pixels that the labels need to the left and the right of the axis, and below it. */
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

/** @param width Pixels of the axis, about. */
export function xAxis(figure: Figure, frame: Frame, width: number): XAxis {
  return hasBands(figure)
    ? bandAxis(frame.x as readonly string[], width)
    : numberAxis(figure, frame.x as Interval, width);
}

function numberAxis(figure: Figure, domain: Interval, width: number): XAxis {
  const log = figure.x.scale === 'log';
  const inset = 8;
  const values = figure.panels
    .flatMap(({ series }) => series.flatMap(({ points }) => points.map(({ x }) => x as number)))
    .filter((value) => value >= domain[0] && value <= domain[1]);
  const ticks = valueTicks(values, domain, log, width - 2 * inset) ?? roundTicks(domain, log, Math.max(2, width / 70));
  const last = ticks.at(-1)?.label ?? '';
  return {
    type: log ? 'log' : 'linear',
    domain,
    ticks,
    categories: [],
    inset,
    rotated: false,
    left: 0,
    right: textWidth(last) / 2 - inset,
    bottom: 42,
  };
}

function bandAxis(categories: readonly string[], width: number): XAxis {
  const count = Math.max(1, categories.length);
  const step = width / count;
  const ticks = categories.map((label, at) => ({ at, label: shortened(label, width < 500 ? 16 : 26) }));
  const widths = ticks.map(({ label }) => textWidth(label));
  const rotated = Math.max(0, ...widths) + 6 > step;
  return {
    type: 'linear',
    domain: [-0.5, count - 0.5],
    ticks,
    categories,
    inset: 0,
    rotated,
    left: rotated ? Math.max(...widths.map((label, i) => 12 + 0.77 * label - (i + 0.5) * step)) : 0,
    right: 0,
    bottom: rotated ? 36 + 0.65 * Math.max(...widths) : 42,
  };
}

function shortened(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
