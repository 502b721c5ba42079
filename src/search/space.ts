/** Tuning spaces: their types, the scales that searches work on, and the check of a space that a user gives. */

import * as z from 'zod';
import type { Random } from '../array/random.ts';
import { TaurecError } from '../errors.ts';

/** A search space: dimensions by the path of the training option that they set. Options of the loss and the backbone have paths such as `loss.tau` and `backbone.layers`. */
export type Space = Readonly<Record<string, Dimension>>;

/** A point of a space: one value per path. */
export type SpacePoint = Readonly<Record<string, DimensionValue>>;

/** A value of a dimension: a number, or one of the choices, which may be any JSON value. */
export type DimensionValue = unknown;

/** One dimension of a search space. Dimensions of numbers may have `points`, the number of grid values (≥ 1), and `start`, the value in the first point of a search. */
export type Dimension =
  /** One of these distinct values, with equal probability. */
  | { readonly choice: readonly DimensionValue[] }
  /** A real number from least to most, both included; `points` is 5 by default. */
  | { readonly uniform: DimensionRange; readonly points?: number; readonly start?: number }
  /** A real number > 0 from least to most, with a uniform logarithm; `points` is 5 by default. */
  | { readonly logUniform: DimensionRange; readonly points?: number; readonly start?: number }
  /** A whole number from least to most, both included; without `points` the grid has all of them. */
  | { readonly integer: DimensionRange; readonly points?: number; readonly start?: number };

/** The smallest and the largest value. */
export type DimensionRange = readonly [least: number, most: number];

/** Number of grid values of a continuous dimension without `points`. */
const GRID_POINTS = 5;

/** Significant digits of a real value: few, so that a command line can repeat it exactly. */
const DIGITS = 4;

/** A dimension on the scale that searches work on: a number has a place u in [0, 1], a choice its index from 0. */
export interface UnitScale {
  /** The number of choices; undefined for numbers. */
  readonly choices?: number;
  /** The value at place u ∈ [0, 1], or the choice with index u. */
  value(u: number): DimensionValue;
  /** The place of a value: the inverse of `value`, up to rounding. */
  place(value: DimensionValue): number;
  /** The grid values, in ascending order or in the order of the choices. */
  grid(): DimensionValue[];
}

/** The unit scale of a dimension: linear for `uniform` and `integer`, logarithmic for `logUniform`. */
export function unitScaleOf(dimension: Dimension): UnitScale {
  if ('choice' in dimension) return choiceScale(dimension.choice);
  if ('integer' in dimension) return integerScale(dimension.integer, dimension.points);
  if ('uniform' in dimension)
    return realScale(
      dimension.uniform,
      dimension.points,
      (x) => x,
      (x) => x,
    );
  return realScale(dimension.logUniform, dimension.points, Math.log, Math.exp);
}

/** Draws a value of a dimension, uniformly on its unit scale. */
export function drawValue(dimension: Dimension, random: Random): DimensionValue {
  const scale = unitScaleOf(dimension);
  return scale.value(scale.choices === undefined ? random.real() : random.integer(scale.choices));
}

/** The `start` of a dimension, if it has one. */
export function startOf(dimension: Dimension): number | undefined {
  return 'choice' in dimension ? undefined : dimension.start;
}

/** True if the dimension contains the value. */
export function holds(dimension: Dimension, value: DimensionValue): boolean {
  if ('choice' in dimension) return dimension.choice.some((one) => same(one, value));
  const [least, most] = rangeOf(dimension);
  if (typeof value !== 'number' || !(value >= least && value <= most)) return false;
  return !('integer' in dimension) || Number.isInteger(value);
}

/** The values at both ends of the range, or all choices. Training options have ranges without gaps, so checking these values finds an invalid space. */
export function extremes(dimension: Dimension): readonly DimensionValue[] {
  return 'choice' in dimension ? dimension.choice : rangeOf(dimension);
}

/** The range of a numeric dimension. */
export function rangeOf(dimension: Exclude<Dimension, { choice: unknown }>): DimensionRange {
  if ('uniform' in dimension) return dimension.uniform;
  return 'logUniform' in dimension ? dimension.logUniform : dimension.integer;
}

function choiceScale(values: readonly DimensionValue[]): UnitScale {
  return {
    choices: values.length,
    value: (u) => values[u],
    place: (value) => values.findIndex((one) => same(one, value)),
    grid: () => [...values],
  };
}

function integerScale([least, most]: DimensionRange, points?: number): UnitScale {
  const count = most - least + 1;
  // Each whole number has an interval of length 1 / count; u = 1 belongs to the last one. `place` returns the middle of the interval.
  const value = (u: number) => Math.min(most, least + Math.floor(u * count));
  const wanted = Math.min(points ?? count, count);
  const spread = (k: number) => (wanted === 1 ? 0.5 : k / (wanted - 1));
  return {
    value,
    place: (x) => ((x as number) - least + 0.5) / count,
    grid: () => Array.from({ length: wanted }, (_, k) => least + Math.round(spread(k) * (count - 1))),
  };
}

function realScale(
  [least, most]: DimensionRange,
  points: number | undefined,
  to: (x: number) => number,
  back: (x: number) => number,
): UnitScale {
  // `to` and its inverse `back` are the identity, or log and exp.
  const [low, high] = [to(least), to(most)];
  const value = (u: number) => {
    // Rounding could leave the range, hence min and max.
    const rounded = Number(back(low + u * (high - low)).toPrecision(DIGITS));
    return Math.min(most, Math.max(least, rounded));
  };
  const wanted = points ?? GRID_POINTS;
  const spread = (k: number) => (wanted === 1 ? 0.5 : k / (wanted - 1));
  return {
    value,
    place: (x) => (high === low ? 0.5 : (to(x as number) - low) / (high - low)),
    // A narrow range may round two grid values to the same number.
    grid: () => [...new Set(Array.from({ length: wanted }, (_, k) => value(spread(k))))],
  };
}

function same(a: DimensionValue, b: DimensionValue): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

const kinds = ['choice', 'uniform', 'logUniform', 'integer'] as const;
type Kind = (typeof kinds)[number];

const range = (expected: string, holds: (x: number) => boolean) =>
  z
    .tuple([z.number(), z.number()], { error: expected })
    .refine(([least, most]) => holds(least) && holds(most) && least <= most, { error: expected });

const start = z.number({ error: 'a number in the range' }).optional();
const points = z
  .int({ error: 'a whole number of at least 1' })
  .min(1, { error: 'a whole number of at least 1' })
  .optional();
const distinct = (values: readonly unknown[]) =>
  new Set(values.map((value) => JSON.stringify(value))).size === values.length;

const shapes: Readonly<Record<Kind, z.ZodType>> = {
  choice: z.strictObject({
    choice: z
      .array(z.json(), { error: 'a list of distinct values' })
      .min(1, { error: 'a list of distinct values, at least one' })
      .refine(distinct, { error: 'a list of distinct values' }),
  }),
  uniform: z.strictObject({ uniform: range('[least, most], finite numbers', Number.isFinite), points, start }),
  logUniform: z.strictObject({
    logUniform: range('[least, most], finite numbers above 0', (x) => Number.isFinite(x) && x > 0),
    points,
    start,
  }),
  integer: z.strictObject({ integer: range('[least, most], whole numbers', Number.isSafeInteger), points, start }),
};

/**
 * Checks the form of a search space. `checkSpace` later checks the values against the training options.
 * @throws TaurecError `bad-option` with the path and the expected form
 */
export function parseSpace(input: unknown): Space {
  if (!isObject(input) || Object.keys(input).length === 0) {
    throw bad(
      'tune.space',
      input,
      'an object with at least one dimension by option: { "loss.tau": { logUniform: [0.05, 0.5] } }',
    );
  }
  for (const [path, dimension] of Object.entries(input)) checkDimension(`tune.space.${path}`, dimension);
  return input as Space;
}

/** Checks one dimension: its single kind, the form of that kind, and that `start` lies in the range. Throws `bad-option`. */
function checkDimension(option: string, dimension: unknown): void {
  const found = isObject(dimension) ? kinds.filter((kind) => Object.hasOwn(dimension, kind)) : [];
  if (found.length !== 1) throw bad(option, dimension, `one of ${kinds.map((kind) => `{ ${kind}: … }`).join(', ')}`);
  const parsed = shapes[found[0]!].safeParse(dimension);
  if (!parsed.success) {
    const { path, message, code } = parsed.error.issues[0]!;
    const [key] = path;
    if (code === 'unrecognized_keys') throw bad(option, dimension, `only the keys ${found[0]}, points and start`);
    throw bad(`${option}.${String(key)}`, (dimension as Record<PropertyKey, unknown>)[key!], message);
  }
  const { start, ...rest } = dimension as { start?: number } & Record<string, unknown>;
  const [least, most] = rest[found[0]!] as [number, number];
  if (
    start !== undefined &&
    !(start >= least && start <= most && (found[0] !== 'integer' || Number.isInteger(start)))
  ) {
    throw bad(`${option}.start`, start, `a value from ${least} to ${most}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(option: string, got: unknown, expected: string): TaurecError {
  return new TaurecError('bad-option', {
    option,
    got: typeof got === 'object' ? JSON.stringify(got) : got,
    expected,
  });
}
