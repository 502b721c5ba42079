import type { Random } from '../array/random.ts';

/** A value of a dimension: a number, or one of the choices, which may be anything that JSON holds. */
export type Value = unknown;

/** One dimension of a search space. */
export type Dimension =
  /** One of these, alike. */
  | { readonly choice: readonly Value[] }
  /** A real number from the first to the second. */
  | { readonly uniform: Range; readonly points?: number; readonly start?: number }
  /** A real number > 0 whose logarithm is uniform. */
  | { readonly logUniform: Range; readonly points?: number; readonly start?: number }
  /** A whole number from the first to the second, both included. */
  | { readonly integer: Range; readonly points?: number; readonly start?: number };

/** Least and largest value. */
export type Range = readonly [least: number, most: number];

/** Values of a continuous dimension that a grid has when `points` does not say. */
const GRID_POINTS = 5;

/** Digits that a value keeps: a command can then name it exactly. */
const DIGITS = 4;

/** A dimension as a part of the line, for searches: numbers lie in [0, 1], choices are counted. */
export interface Axis {
  /** The number of choices; undefined for numbers. */
  readonly choices?: number;
  /** The value at u ∈ [0, 1], or that of choice number u. */
  value(u: number): Value;
  /** Where a value lies; the inverse of `value` but for rounding. */
  place(value: Value): number;
  /** All values of a grid, in order. */
  grid(): Value[];
}

export function axisOf(dimension: Dimension): Axis {
  if ('choice' in dimension) return choiceAxis(dimension.choice);
  if ('integer' in dimension) return integerAxis(dimension.integer, dimension.points);
  if ('uniform' in dimension)
    return realAxis(
      dimension.uniform,
      dimension.points,
      (x) => x,
      (x) => x,
    );
  return realAxis(dimension.logUniform, dimension.points, Math.log, Math.exp);
}

/** A value that a dimension could have, all alike on its own scale. */
export function drawValue(dimension: Dimension, random: Random): Value {
  const axis = axisOf(dimension);
  return axis.value(axis.choices === undefined ? random.real() : random.integer(axis.choices));
}

/** Where a search should begin in this dimension, where somebody said so. */
export function startOf(dimension: Dimension): number | undefined {
  return 'choice' in dimension ? undefined : dimension.start;
}

/** True when the dimension can have the value. */
export function holds(dimension: Dimension, value: Value): boolean {
  if ('choice' in dimension) return dimension.choice.some((one) => same(one, value));
  const [least, most] = rangeOf(dimension);
  if (typeof value !== 'number' || !(value >= least && value <= most)) return false;
  return !('integer' in dimension) || Number.isInteger(value);
}

/** The values at the ends and those of all choices: what may be wrong with a space shows in them. */
export function extremes(dimension: Dimension): readonly Value[] {
  return 'choice' in dimension ? dimension.choice : rangeOf(dimension);
}

export function rangeOf(dimension: Exclude<Dimension, { choice: unknown }>): Range {
  if ('uniform' in dimension) return dimension.uniform;
  return 'logUniform' in dimension ? dimension.logUniform : dimension.integer;
}

function choiceAxis(values: readonly Value[]): Axis {
  return {
    choices: values.length,
    value: (u) => values[u],
    place: (value) => values.findIndex((one) => same(one, value)),
    grid: () => [...values],
  };
}

function integerAxis([least, most]: Range, points?: number): Axis {
  const count = most - least + 1;
  const value = (u: number) => Math.min(most, least + Math.floor(u * count));
  const wanted = Math.min(points ?? count, count);
  const spread = (k: number) => (wanted === 1 ? 0.5 : k / (wanted - 1));
  return {
    value,
    place: (x) => ((x as number) - least + 0.5) / count,
    grid: () => Array.from({ length: wanted }, (_, k) => least + Math.round(spread(k) * (count - 1))),
  };
}

function realAxis(
  [least, most]: Range,
  points: number | undefined,
  to: (x: number) => number,
  back: (x: number) => number,
): Axis {
  const [low, high] = [to(least), to(most)];
  const value = (u: number) => {
    const rounded = Number(back(low + u * (high - low)).toPrecision(DIGITS));
    return Math.min(most, Math.max(least, rounded));
  };
  const wanted = points ?? GRID_POINTS;
  const spread = (k: number) => (wanted === 1 ? 0.5 : k / (wanted - 1));
  return {
    value,
    place: (x) => (high === low ? 0.5 : (to(x as number) - low) / (high - low)),
    grid: () => [...new Set(Array.from({ length: wanted }, (_, k) => value(spread(k))))],
  };
}

function same(a: Value, b: Value): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
