import { z } from 'zod';
import { TaurecError } from '../errors.ts';
import type { Dimension, Value } from './dimension.ts';

/** What is searched: dimensions by the path of the training option that they set, `loss.tau` and `backbone.layers` for options of the loss and the backbone. */
export type Space = Readonly<Record<string, Dimension>>;

/** A place in a space: a value for each of its paths. */
export type Point = Readonly<Record<string, Value>>;

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
 * Checks what somebody wrote as a search space. Whether training has such options is looked at by `checkSpace`.
 * @throws TaurecError `bad-option`, naming the path and what is wrong with it
 */
export function parseSpace(input: unknown): Space {
  if (!isObject(input) || Object.keys(input).length === 0) {
    throw bad(
      'tune.space',
      input,
      'an object of dimensions by option, at least one: { "loss.tau": { logUniform: [0.05, 0.5] } }',
    );
  }
  for (const [path, dimension] of Object.entries(input)) checkDimension(`tune.space.${path}`, dimension);
  return input as Space;
}

function checkDimension(option: string, dimension: unknown): void {
  const found = isObject(dimension) ? kinds.filter((kind) => Object.hasOwn(dimension, kind)) : [];
  if (found.length !== 1) throw bad(option, dimension, `one of ${kinds.map((kind) => `{ ${kind}: … }`).join(', ')}`);
  const parsed = shapes[found[0]!].safeParse(dimension);
  if (!parsed.success) {
    const { path, message, code } = parsed.error.issues[0]!;
    const [key] = path;
    if (code === 'unrecognized_keys') throw bad(option, dimension, `${found[0]}, points and start, nothing else`);
    throw bad(`${option}.${String(key)}`, (dimension as Record<PropertyKey, unknown>)[key!], message);
  }
  const { start, ...rest } = dimension as { start?: number } & Record<string, unknown>;
  const [least, most] = rest[found[0]!] as [number, number];
  if (
    start !== undefined &&
    !(start >= least && start <= most && (found[0] !== 'integer' || Number.isInteger(start)))
  ) {
    throw bad(`${option}.start`, start, `a value of the range ${least} to ${most}`);
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
