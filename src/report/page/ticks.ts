import { fixed, significant } from './show-cell.ts';

/** A mark on an axis. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

export type Interval = readonly [low: number, high: number];

/** Where a value stands in an interval, from 0 to 1. */
export function position(value: number, [low, high]: Interval, log: boolean): number {
  const scale = log ? Math.log : Number;
  return (scale(value) - scale(low)) / (scale(high) - scale(low));
}

/** Round values that divide an interval: about `count` on a linear axis; 1, 2 and 5 times powers of ten, or some of the powers, on a logarithmic one. */
export function roundTicks(interval: Interval, log: boolean, count: number): Tick[] {
  const ticks = log ? logTicks(interval, count) : [];
  return ticks.length >= 2 ? ticks : linearTicks(interval, count);
}

/** The values themselves, when they are few; undefined when their labels would touch on an axis of `length` pixels. */
export function valueTicks(
  values: readonly number[],
  interval: Interval,
  log: boolean,
  length: number,
): Tick[] | undefined {
  const ticks = [...new Set(values)].sort((a, b) => a - b).map((at) => ({ at, label: tickLabel(at, 6) }));
  if (ticks.length > 12) return undefined;
  const touching = ticks.some((tick, i) => {
    const next = ticks[i + 1];
    if (!next) return false;
    const apart = (position(next.at, interval, log) - position(tick.at, interval, log)) * length;
    return apart < (textWidth(tick.label) + textWidth(next.label)) / 2 + 8;
  });
  return touching ? undefined : ticks;
}

/** Pixels that a text takes in a plot, roughly: the fonts of the reader are not known here. */
export function textWidth(text: string): number {
  return 6.6 * [...text].length;
}

function linearTicks([low, high]: Interval, count: number): Tick[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough < 1.4 * power ? 1 : rough < 3.2 * power ? 2 : rough < 7.1 * power ? 5 : 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const at = (first + i) * step;
    return { at, label: digits > 5 || Math.abs(at) >= 1e6 ? tickLabel(at, 4) : fixed(at, digits) };
  });
}

function logTicks([low, high]: Interval, count: number): Tick[] {
  const powers: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) powers.push(power);
  const within = (factors: readonly number[], every = 1) =>
    powers
      .filter((power) => power % every === 0)
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((at) => at >= low && at <= high);
  const choices = [within([1, 2, 5]), within([1, 3]), within([1])];
  const ticks =
    choices.find(({ length }) => length <= 1.5 * count) ?? within([1], Math.ceil(powers.length / (1.5 * count)));
  return ticks.map((at) => ({ at, label: tickLabel(at, 4) }));
}

/** Millions and more in few letters: 5M, 1.2B. */
function tickLabel(at: number, digits: number): string {
  const size = Math.abs(at);
  if (size < 1e6 || size >= 1e15) return significant(at, digits);
  return at.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: digits }).replace('-', '−');
}
