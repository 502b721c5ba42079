// The type of a recipe with its checks, settings that several recipes share, and the comparison of runs with expected values.
import * as z from 'zod';
import { type Protocol, protocols } from '../evaluation/evaluator.ts';
import { type Choice, choices, folderDataSet, type RunRecord, type RunSpec } from '../experiment/run.ts';
import { deviation, mean } from '../experiment/statistics.ts';
import { parseTrainConfig, type TrainConfig, type TrainConfigInput } from '../training/config.ts';
import { optionError } from '../training/option-errors.ts';

/**
 * How the settings and the epoch behind a number were chosen.
 * - `validated`: on validation data, or not at all; the test set was used once.
 * - `published`: settings of the paper, which papers choose on their test set; with `choice: 'test'` the epoch too.
 */
export const selections = ['validated', 'published'] as const;
/** One of `selections`. */
export type Selection = (typeof selections)[number];

/** Expected metrics by protocol. */
type ExpectedMetrics = Readonly<Partial<Record<Protocol, Readonly<Record<string, number>>>>>;

/** Largest allowed distance of a mean from its expected value, in either direction; `relative` is a fraction of the expected value. */
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

/** Training settings for a data set, with the quality they reach. */
export interface Recipe {
  /** Name in commands; distinct. */
  readonly name: string;
  /** Name of a folder of `$TAUREC_DATA`, or the path of a folder with `train.*` and `test.*`. */
  readonly data: string;
  /** How the epoch (and a popularity prior of `auto`) is chosen. It decides which part of train is held out. */
  readonly choice: Choice;
  readonly chosen: Selection;
  /** The complete training options: no defaults of the data set are added. `neighbors` is off unless set. The runner sets `seed` and `threads`. */
  readonly config: TrainConfigInput;
  /** Seeds; the check compares the mean over them with `expected`. */
  readonly seeds: readonly number[];
  /** Expected test metrics. Without them the recipe can be run but not checked. */
  readonly expected?: ExpectedMetrics;
  /** Expected test metrics without the neighbour term, for a recipe with `neighbors` on: what its loss alone reaches. */
  readonly lossAlone?: ExpectedMetrics;
  /** Tolerance of the check. Default: 2% of the expected value. */
  readonly tolerance?: Tolerance;
  /** True if the recipe is fast enough to be checked on every change. Default false. */
  readonly ci?: boolean;
  /** What the recipe shows, in a few words. */
  readonly claim?: string;
  /** Published values to show for comparison. */
  readonly published?: readonly PublishedValue[];
}

const defaultTolerance: Tolerance = { relative: 0.02 };

// The `error` texts complete the sentence “expected …”.
const finite = z.number({ error: 'a finite number' });
const text = z.string({ error: 'a non-empty string' }).min(1, { error: 'a non-empty string' });
const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `one of ${names.join(', ')}` });
const metrics = z.record(z.string(), finite, { error: 'an object of metrics and their values' });
const size = finite.refine((x) => x > 0, { error: 'a number above 0' });

const expected = z.strictObject(
  { clean: metrics.optional(), irbench: metrics.optional() },
  { error: `metrics by protocol: ${protocols.join(', ')}` },
);

const shape = {
  name: text,
  data: text,
  choice: oneOf(choices),
  chosen: oneOf(selections),
  config: z.record(z.string(), z.unknown(), { error: 'an object of training options' }),
  seeds: z
    .array(z.number().refine(Number.isSafeInteger), { error: 'a list of whole numbers' })
    .min(1, { error: 'a list of whole numbers' }),
  expected: expected.optional(),
  lossAlone: expected.optional(),
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

/** Rules between fields: a choice on the test set must be labelled. */
const schema = z
  .strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'an object' : undefined) })
  .refine(({ choice, chosen }) => !(choice === 'test' && chosen === 'validated'), {
    path: ['chosen'],
    error: '"published", because choice "test" chooses the epoch on the test set',
  });

/**
 * Checks a user's recipe, including its training options.
 * @throws TaurecError `bad-option`, also for a recipe that is chosen on the test set but labelled `validated`
 */
export function parseRecipe(input: unknown): Recipe {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw optionError(parsed.error, input, () => Object.keys(shape));
  const recipe = parsed.data as Recipe;
  recipeConfig(recipe);
  return recipe;
}

/** The checked training configuration of a recipe. @throws TaurecError `bad-option` */
export function recipeConfig({ config }: Recipe): TrainConfig {
  return parseTrainConfig({ neighbors: 'off', ...config });
}

/** The run specification of a recipe with one seed. @throws TaurecError the errors of `folderDataSet` */
export function recipeSpec(recipe: Recipe, seed: number): RunSpec {
  const { data, choice, config } = recipe;
  return { data: { ...folderDataSet(data), config: {} }, choice, config, seed, ks: cutoffs(recipe) };
}

/** NDCG@20 and Recall@20, then the other metrics that the recipe names under a protocol. */
function metricsOf({ expected = {}, published = [] }: Recipe, protocol: Protocol): string[] {
  const named = published.filter((value) => value.protocol === protocol).map(({ metric }) => metric);
  return [...new Set(['ndcg@20', 'recall@20', ...Object.keys(expected[protocol] ?? {}), ...named])];
}

/** The distinct cut-offs of the recipe's metrics. */
function cutoffs(recipe: Recipe): number[] {
  const names = protocols.flatMap((protocol) => metricsOf(recipe, protocol));
  return [...new Set(names.map((name) => Number(/@(\d+)$/.exec(name)?.[1] ?? 20)))];
}

/** Batch with all items as negatives, for small catalogues. */
export const allItems = { rows: 64, negatives: 'all' } as const satisfies TrainConfigInput['batch'];

/** Batch with negatives drawn in proportion to the square root of popularity. */
export const byPopularity = { pool: 'popularity', alpha: 0.5 } as const satisfies TrainConfigInput['batch'];

/** Options that choose epoch and popularity prior on validation data: at few validations with many users each, because the prior overfits small samples. @param every Epochs between validations. @param users Users per validation. */
export function priorByValidation(every = 20, users = 20_000) {
  return { validation: { every, patience: 10, users }, popularityPrior: 'auto' } as const satisfies TrainConfigInput;
}

/** LightGCN with one layer, where γ weighs the base embeddings separately: decision 014. */
export const oneLayer = { name: 'lightgcn', layers: 1, gamma: 0.2 } as const;

/** Options of `oneLayer` on small data sets. */
export const graph = { epochs: 40, ...priorByValidation(10) } as const satisfies TrainConfigInput;

/** Options of `oneLayer` on Gowalla. */
export const gowallaGraph = {
  learningRate: 0.04,
  epochs: 90,
  ...priorByValidation(30, 10_000),
  batch: { ...byPopularity, rows: 512 },
} as const satisfies TrainConfigInput;

/** Options for test sets under popularity shift: choices on a debiased validation part, then a refit on all of train. */
export const discovery = {
  ...priorByValidation(),
  learningRate: 0.03,
  epochs: 40,
  aim: 'discovery',
  refit: true,
} as const satisfies TrainConfigInput;

/** One metric under one protocol, over seeds. */
interface RecipeMetric {
  readonly protocol: Protocol;
  /** True for a model with a neighbour term, measured without it. */
  readonly lossAlone?: true;
  readonly metric: string;
  readonly mean: number;
  /** Sample standard deviation over seeds; 0 for one seed. */
  readonly deviation: number;
}

/** A metric compared with its expected value. */
export interface RecipeCheck extends RecipeMetric {
  readonly expected: number;
  /** Largest allowed |mean − expected|, in units of the metric. */
  readonly tolerance: number;
  readonly passed: boolean;
}

/** A metric with its expected value and its published values. */
export interface RecipeSummary extends RecipeMetric {
  readonly expected?: number;
  readonly published: readonly PublishedValue[];
}

/** The part of a run that is judged. */
type Measured = Pick<RunRecord, 'evaluations' | 'lossAlone'>;

/** Compares the runs of a recipe, one per seed, with its expected metrics. A metric that a run lacks fails its check. */
export function judgeRecipe(
  { expected, lossAlone, tolerance = defaultTolerance }: Pick<Recipe, 'expected' | 'lossAlone' | 'tolerance'>,
  runs: readonly Measured[],
): RecipeCheck[] {
  const judged = (targets: ExpectedMetrics = {}, alone = false) =>
    protocols.flatMap((protocol) =>
      Object.entries(targets[protocol] ?? {}).map(([metric, target]) => {
        const measured = overSeeds(runs, protocol, metric, alone);
        const allowed = 'absolute' in tolerance ? tolerance.absolute : tolerance.relative * target;
        const passed = Math.abs(measured.mean - target) <= allowed;
        return { ...measured, expected: target, tolerance: allowed, passed };
      }),
    );
  return [...judged(expected), ...judged(lossAlone, true)];
}

/** NDCG@20, Recall@20 and the metrics that a recipe names, under both protocols, with expected and published values. */
export function summarizeRecipe(recipe: Recipe, runs: readonly Measured[]): RecipeSummary[] {
  const { expected = {}, lossAlone = {}, published = [] } = recipe;
  const summary = (targets: ExpectedMetrics, alone = false) =>
    protocols.flatMap((protocol) =>
      metricsOf(recipe, protocol).map((metric) => {
        const target = targets[protocol]?.[metric];
        return {
          ...overSeeds(runs, protocol, metric, alone),
          ...(target !== undefined && { expected: target }),
          published: published.filter((value) => value.protocol === protocol && value.metric === metric),
        };
      }),
    );
  return [...summary(expected), ...(runs.some((run) => run.lossAlone) ? summary(lossAlone, true) : [])];
}

/** Mean and deviation of a metric over runs; NaN if a run lacks the metric, so that every comparison with it is false. */
function overSeeds(runs: readonly Measured[], protocol: Protocol, metric: string, alone: boolean): RecipeMetric {
  // A run whose validation found no term has one figure for both.
  const values = runs.map(({ evaluations, lossAlone = evaluations }) => {
    const { metrics } = (alone ? lossAlone : evaluations)[protocol] ?? {};
    return metrics?.[metric] ?? Number.NaN;
  });
  return {
    protocol,
    ...(alone && { lossAlone: true as const }),
    metric,
    mean: mean(values),
    deviation: deviation(values),
  };
}
