import { z } from 'zod';
import { type Protocol, protocols } from '../evaluation/evaluator.ts';
import { type Choice, choices, folderDataSet, type RunRecord, type RunSpec } from '../experiment/run.ts';
import { meanCell } from '../experiment/statistics.ts';
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
type ExpectedMetrics = Readonly<Partial<Record<Protocol, Readonly<Record<string, number>>>>>;

/** How far a mean may lie from what is expected, to either side; relative: as a part of it. */
export type Tolerance = { readonly absolute: number } | { readonly relative: number };

/** A published number to compare a recipe with. */
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
  /** What the recipe shows, in words. */
  readonly claim?: string;
  readonly published?: readonly PublishedValue[];
}

const defaultTolerance: Tolerance = { relative: 0.02 };

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

/** The training and evaluation that a recipe describes. @throws TaurecError as `folderDataSet` */
export function recipeSpec(recipe: Recipe, seed: number): RunSpec {
  const { data, choice, config } = recipe;
  return { data: { ...folderDataSet(data), config: {} }, choice, config, seed, ks: cutoffs(recipe) };
}

/** The metrics that a recipe names under a protocol, after the two that are always shown. */
function metricsOf({ expected = {}, published = [] }: Recipe, protocol: Protocol): string[] {
  const named = published.filter((value) => value.protocol === protocol).map(({ metric }) => metric);
  return [...new Set(['ndcg@20', 'recall@20', ...Object.keys(expected[protocol] ?? {}), ...named])];
}

function cutoffs(recipe: Recipe): number[] {
  const names = protocols.flatMap((protocol) => metricsOf(recipe, protocol));
  return [...new Set(names.map((name) => Number(/@(\d+)$/.exec(name)?.[1] ?? 20)))];
}

/** Training with all items as negatives, for small catalogues. */
export const allItems = { rows: 64, negatives: 'all' } as const satisfies TrainConfigInput['batch'];

/** Negatives by the root of popularity. */
export const byPopularity = { pool: 'popularity', alpha: 0.5 } as const satisfies TrainConfigInput['batch'];

/** Chooses epoch and popularity prior on validation data, seldom and on many users, because the prior overfits few. */
export function priorByValidation(every = 20, users = 20_000) {
  return { validation: { every, patience: 10, users }, popularityPrior: 'auto' } as const satisfies TrainConfigInput;
}

/** For tests under popularity shift: a debiased validation part chooses, then all of train is trained on. */
export const discovery = {
  ...priorByValidation(),
  learningRate: 0.03,
  epochs: 40,
  aim: 'discovery',
  refit: true,
} as const satisfies TrainConfigInput;

/** One metric under one protocol, over the seeds. */
interface RecipeMetric {
  readonly protocol: Protocol;
  readonly metric: string;
  readonly mean: number;
  /** Standard deviation of the sample; 0 for one seed. */
  readonly deviation: number;
}

/** A metric held against what is expected of it. */
export interface RecipeCheck extends RecipeMetric {
  readonly expected: number;
  /** How far `mean` may lie from `expected`, to either side. */
  readonly tolerance: number;
  readonly passed: boolean;
}

/** A metric with its expected value and the published ones. */
export interface RecipeSummary extends RecipeMetric {
  readonly expected?: number;
  readonly published: readonly PublishedValue[];
}

/** What is judged of a run. */
type Measured = Pick<RunRecord, 'evaluations'>;

/** Holds the runs of a recipe, one for each seed, against its expected metrics. A metric that a run lacks is a miss. */
export function judgeRecipe(
  { expected = {}, tolerance = defaultTolerance }: Pick<Recipe, 'expected' | 'tolerance'>,
  runs: readonly Measured[],
): RecipeCheck[] {
  return protocols.flatMap((protocol) =>
    Object.entries(expected[protocol] ?? {}).map(([metric, target]) => {
      const measured = overSeeds(runs, protocol, metric);
      const allowed = 'absolute' in tolerance ? tolerance.absolute : tolerance.relative * target;
      const passed = Math.abs(measured.mean - target) <= allowed;
      return { ...measured, expected: target, tolerance: allowed, passed };
    }),
  );
}

/** The metrics that a recipe names, and NDCG@20 and Recall@20, under both protocols. */
export function summarizeRecipe(recipe: Recipe, runs: readonly Measured[]): RecipeSummary[] {
  const { expected = {}, published = [] } = recipe;
  return protocols.flatMap((protocol) =>
    metricsOf(recipe, protocol).map((metric) => {
      const target = expected[protocol]?.[metric];
      return {
        ...overSeeds(runs, protocol, metric),
        ...(target !== undefined && { expected: target }),
        published: published.filter((value) => value.protocol === protocol && value.metric === metric),
      };
    }),
  );
}

function overSeeds(runs: readonly Measured[], protocol: Protocol, metric: string): RecipeMetric {
  return { protocol, metric, ...meanCell(runs.map((run) => run.evaluations[protocol]?.metrics[metric] ?? Number.NaN)) };
}
