import { z } from 'zod';
import { type Protocol, protocols } from '../evaluation/evaluator.ts';
import { folderDataSet } from '../experiment/run/data-sets.ts';
import { type Choice, choices, type RunSpec } from '../experiment/run/run.ts';
import { parseTrainConfig, type TrainConfig, type TrainConfigInput } from '../training/config.ts';
import { optionError } from '../training/option-errors.ts';

/**
 * How the settings and the epoch of a number were chosen.
 * - `validated`: on validation data, or nothing was chosen; the test set was looked at once.
 * - `published`: the paper's own settings, which papers choose on their test set, and where `choice` is `test` the epoch too.
 */
export const selections = ['validated', 'published'] as const;
export type Selection = (typeof selections)[number];

/** Metrics by protocol. */
export type ExpectedMetrics = Readonly<Partial<Record<Protocol, Readonly<Record<string, number>>>>>;

/** How far a mean may lie from what is expected, to either side; relative: as a part of it. */
export type Tolerance = { readonly absolute: number } | { readonly relative: number };

/** A published number that stands beside a recipe's own. */
export interface PublishedValue {
  readonly metric: string;
  readonly value: number;
  readonly protocol: Protocol;
  /** Loss and backbone, such as `SL@20, MF`. */
  readonly what: string;
  readonly source: string;
}

/** Settings on a data set, with the quality that they give. */
export interface Recipe {
  /** Distinct; what commands take. */
  readonly name: string;
  /** A folder of `$TAUREC_DATA`, or the path of any with `train.*` and `test.*`. */
  readonly data: string;
  /** By what the epoch, and a popularity prior that is `auto`, is chosen, and so what is trained on. */
  readonly choice: Choice;
  readonly chosen: Selection;
  /** Complete: nothing that suits the data set is added. `seed` and `threads` are the runner's. */
  readonly config: TrainConfigInput;
  /** The mean over them is held against `expected`. */
  readonly seeds: readonly number[];
  /** Metrics of the test set. Absent: the recipe can be run, not checked. */
  readonly expected?: ExpectedMetrics;
  /** Default: 2% of what is expected. */
  readonly tolerance?: Tolerance;
  /** Quick enough to be checked on every change. Default false. */
  readonly ci?: boolean;
  /** What the recipe stands for, for people. */
  readonly claim?: string;
  readonly published?: readonly PublishedValue[];
}

export const defaultTolerance: Tolerance = { relative: 0.02 };

const finite = z.number({ error: 'a finite number' });
const text = z.string({ error: 'a text' }).min(1, { error: 'a text' });
const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `one of ${names.join(', ')}` });
const metrics = z.record(z.string(), finite, { error: 'an object of metrics and their values' });
const size = finite.refine((x) => x > 0, { error: 'a number above 0' });

const shape = {
  name: text,
  data: text,
  choice: oneOf(choices),
  chosen: oneOf(selections),
  config: z.record(z.string(), z.unknown(), { error: 'an object of training options' }),
  seeds: z
    .array(z.number().refine(Number.isSafeInteger), { error: 'a list of whole numbers' })
    .min(1, { error: 'a list of whole numbers' }),
  expected: z
    .strictObject(
      { clean: metrics.optional(), irbench: metrics.optional() },
      { error: `metrics by protocol: ${protocols.join(', ')}` },
    )
    .optional(),
  tolerance: z
    .union([z.strictObject({ absolute: size }), z.strictObject({ relative: size })], {
      error: '{ absolute: number } or { relative: number }',
    })
    .optional(),
  ci: z.boolean({ error: 'true or false' }).optional(),
  claim: text.optional(),
  published: z
    .array(z.strictObject({ metric: text, value: finite, protocol: oneOf(protocols), what: text, source: text }), {
      error: 'a list of { metric, value, protocol, what, source }',
    })
    .optional(),
};

const schema = z
  .strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'an object' : undefined) })
  .refine(({ choice, chosen }) => !(choice === 'test' && chosen === 'validated'), {
    path: ['chosen'],
    error: '"published", because choice "test" chooses the epoch on the test set',
  });

/**
 * Checks a recipe that somebody wrote, its training options included.
 * @throws TaurecError `bad-option`: also for a recipe that chooses on the test set and calls itself validated
 */
export function parseRecipe(input: unknown): Recipe {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw optionError(parsed.error, input, () => Object.keys(shape));
  const recipe = parsed.data as Recipe;
  recipeConfig(recipe);
  return recipe;
}

/** The checked training options. @throws TaurecError `bad-option` */
export function recipeConfig({ config }: Recipe): TrainConfig {
  return parseTrainConfig(config);
}

/** The training and evaluation that a recipe stands for. @throws TaurecError as `folderDataSet` */
export function recipeSpec(recipe: Recipe, seed: number): RunSpec {
  const { data, choice, config } = recipe;
  return { data: { ...folderDataSet(data), config: {} }, choice, config, seed, ks: cutoffs(recipe) };
}

/** The metrics that a recipe names under a protocol, after the two that are always shown. */
export function metricsOf({ expected = {}, published = [] }: Recipe, protocol: Protocol): string[] {
  const named = published.filter((value) => value.protocol === protocol).map(({ metric }) => metric);
  return [...new Set(['ndcg@20', 'recall@20', ...Object.keys(expected[protocol] ?? {}), ...named])];
}

function cutoffs(recipe: Recipe): number[] {
  const names = protocols.flatMap((protocol) => metricsOf(recipe, protocol));
  return [...new Set(names.map((name) => Number(/@(\d+)$/.exec(name)?.[1] ?? 20)))];
}
