// The training configuration: declarations of all training options, their checks, and the configuration as JSON.

import * as z from 'zod';
import { infinityAsText } from '../array/infinity-as-text.ts';
import type { Backbone, BackboneSource } from '../backbone/backbone.ts';
import { backboneOptions } from '../backbone/backbones.ts';
import { runShape } from '../engine/run-options.ts';
import { rankMetricNames } from '../evaluation/metrics.ts';
import type { Loss, LossSource } from '../loss/loss.ts';
import { defaultScore, lossDeclarations, lossNames } from '../loss/losses.ts';
import { optimizerShape } from '../optimizer/optimizer.ts';
import {
  type DeclaredOption,
  declaredOptions,
  fraction,
  namedSource,
  oneOf,
  option,
  optionGroup,
  optionNames,
  positive,
  whole,
  within,
  writtenSource,
  yesOrNo,
} from '../option.ts';
import { samplerShape } from '../sampler/sampler-options.ts';
import { aims } from './aim.ts';
import { optionError } from './option-errors.ts';

/** A group of options with a name: accepts `{name, …}` or the name alone. */
const named = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess((x) => (typeof x === 'string' ? { name: x } : x), optionGroup(shape));

const lossExpected =
  'the name of a loss, {name, …options}, {module, export, options}, or an object with name, parameters and evaluate';
// A loss is checked for its form only: a module is loaded, and its options checked, when the training starts.
const loss = z.unknown().transform((value, context): LossSource => {
  const source = namedSource<Loss>(value, 'evaluate');
  if (source) return source;
  context.addIssue({ code: 'custom', message: lossExpected });
  return z.NEVER;
});

const backboneExpected =
  'the name of a backbone, {name, …options}, {module, export, options}, or an object with name, parameters, plan, forward and backward';
const backbone = z.unknown().transform((value, context): BackboneSource => {
  const source = namedSource<Backbone>(value, 'forward');
  if (source) return source;
  context.addIssue({ code: 'custom', message: backboneExpected });
  return z.NEVER;
});

/** The option declarations of each built-in loss. */
const lossOptions = Object.fromEntries(lossNames.map((name) => [name, lossDeclarations[name].options]));
/** The losses that score by inner product in their papers, for the help of --score. */
const dotLosses = lossNames.filter((name) => lossDeclarations[name].score === 'dot');

const metric = `a metric as 'ndcg@20'; metrics: ${rankMetricNames.join(', ')}`;
/** A ranking metric with its cut-off ≥ 1: `ndcg@20`. */
export const metricName = z
  .string({ error: metric })
  .regex(new RegExp(`^(${rankMetricNames.join('|')})@[1-9]\\d*$`), { error: metric });

// Headings of the help.
const model = 'Model:';
const length = 'Length of training:';
const optimiser = 'Optimiser:';

const scheduleShape = {
  /** Learning-rate schedule: `constant`, or `cosine`, half a cosine from the peak rate down to `final` times it. Default `cosine`. */
  name: option(oneOf(['constant', 'cosine']).default('cosine'), {
    group: optimiser,
    flag: '--schedule <name>',
    help: 'learning-rate schedule',
  }),
  /** Fraction of the run over which the learning rate rises linearly from 0, 0 ≤ x < 1. Default 0. */
  warmup: option(fraction.default(0), {
    group: optimiser,
    flag: '--warmup <number>',
    help: 'fraction of the run over which the learning rate rises',
  }),
  /** Final learning rate of `cosine`, as a fraction of `learningRate`, 0 to 1. Default 0. */
  final: option(within(0, 1).default(0), {
    group: optimiser,
    flag: '--final <number>',
    help: 'final learning rate, as a fraction of --learning-rate',
  }),
};

// A configuration has the penalties and `rowWeight` at the top level, and calls the sampler's `batch` `batch.kind`; the other options keep their groups.
const { decoupledWeightDecay, l2, ...optimizerOptions } = optimizerShape;
const { batch: kind, rowWeight, ...batchOptions } = samplerShape;

const validationShape = {
  /** Metric with cut-off that chooses the best epoch; larger is better. Default `ndcg@20`. */
  metric: option(metricName.default('ndcg@20'), {
    group: length,
    flag: '--metric <name@k>',
    help: 'metric that chooses the best epoch',
    fixed: true,
  }),
  /** Epochs between validations, ≥ 1; the last epoch is always validated. Default 5. */
  every: option(whole(1).default(5), {
    group: length,
    flag: '--validate-every <epochs>',
    help: 'epochs between validations',
    fixed: true,
  }),
  /**
   * Number of validations in a row without a new best one after which training stops. Default 6. Under a cosine schedule the last epochs, at low rates, still
   * improve the model: stopping early saves time and costs some quality (amazon2014-health: NDCG@20 .1377 with all epochs, .1356 after 10 epochs of patience).
   */
  patience: option(whole(1).default(6), {
    group: length,
    flag: '--patience <number>',
    help: 'stop after this many validations without a better one',
    fixed: true,
  }),
  /** Maximum number of validation users, ≥ 1. The seed draws them once, so that all validations of a run use the same ones. Default 5000. */
  users: option(whole(1).default(5000), {
    group: length,
    flag: '--validation-users <number>',
    help: 'validate on at most this many users',
    fixed: true,
  }),
};

/**
 * The declarations of all training options: zod gives type, bounds and default, `option` gives flag, help and search range. The types of a configuration, the flags
 * of `taurec train`, their help, the tables of docs/command-line.md and the names in a search space all come from here.
 */
export const trainShape = {
  /** Training loss. Default: BSL with τ₁ = 4 and λ = 1.2, tuned for ordinary data; a loss given by name has λ = 1 as in its paper. Without a value, τ depends on the number of items. */
  loss: option(loss.default({ name: 'bsl', options: { tau1: 4, negativeWeight: 1.2 } }), {
    group: 'Loss:',
    flag: '--loss <name>',
    help: 'training loss',
    common: true,
    source: { kind: 'loss', method: 'evaluate', builtIn: lossOptions },
  }),
  /** Model that computes final embeddings from trained ones: matrix factorisation (`mf`, default) uses them unchanged, graph networks propagate them over the training graph. */
  backbone: option(backbone.default({ name: 'mf', options: {} }), {
    group: 'Backbone:',
    flag: '--backbone <name>',
    help: 'embedding model: matrix factorisation, or a graph network',
    common: true,
    source: { kind: 'backbone', method: 'forward', builtIn: backboneOptions },
  }),
  /** Score of a user and an item: `cosine` or `dot` (inner product) of their embeddings. Default: the score that the loss has in its paper. */
  score: option(oneOf(['cosine', 'dot']).optional(), {
    group: model,
    flag: '--score <name>',
    help: `score of a user and an item (default: dot for ${dotLosses.join(', ')}, else cosine)`,
  }),
  /**
   * Aim of the model, which decides the validation part. `accuracy` (default) optimises for data like the log; validation data is held out with the log's
   * distribution. `discovery` optimises for finding liked items across the catalogue, where future data is less skewed than the log; validation data is held out
   * `debiased`.
   */
  aim: option(oneOf(aims).default('accuracy'), {
    group: model,
    flag: '--aim <name>',
    help: 'optimise for accuracy on data like the log, or for discovery across the catalogue',
    common: true,
    fixed: true,
  }),
  /**
   * Weight c of the popularity prior: lists are ranked by s_ui + c · log(1 + n_i), where s_ui is the score and n_i the number of training interactions of item i
   * (docs/popularity.md). Default 0: no prior; below 0 favours the long tail. `auto` takes the c with the best metric at every validation; it needs a validation part.
   */
  popularityPrior: option(
    z.union([z.literal('auto'), z.number()], { error: "a finite number, or 'auto'" }).default(0),
    {
      group: model,
      flag: '--popularity-prior <number>',
      help: 'popularity term of a score: number · log(1 + interactions of the item); below 0 favours the long tail; auto: chosen by validation',
    },
  ),
  /** Length d of the embeddings, ≥ 1: the tables are users × d and items × d. Default 64. */
  dimension: option(whole(1).default(64), {
    group: model,
    flag: '--dimension <number>',
    help: 'length of the embeddings',
    common: true,
  }),
  /** Standard deviation of the initial embeddings: each element is drawn from N(0, initialDeviation²). Default 0.1. */
  initialDeviation: option(positive.default(0.1), {
    group: model,
    flag: '--initial-deviation <number>',
    help: 'standard deviation of the initial embeddings',
  }),
  optimizer: named(optimizerOptions).prefault({}),
  /** Peak learning rate, > 0. Default 0.02. */
  learningRate: option(positive.default(0.02), {
    group: optimiser,
    flag: '--learning-rate <number>',
    help: 'peak learning rate',
    common: true,
    searchByScore: {
      cosine: { logUniform: [0.01, 0.06], start: 0.03 },
      dot: { logUniform: [0.005, 0.05], start: 0.02 },
    },
  }),
  schedule: named(scheduleShape).prefault({}),
  l2,
  decoupledWeightDecay,
  /** Dropout: probability that an element of an embedding is set to 0 in a batch, 0 ≤ x < 1. Default 0. */
  embeddingDropout: option(fraction.default(0), {
    group: optimiser,
    flag: '--dropout <number>',
    help: 'dropout of embedding elements',
    searchByScore: { dot: { choice: [0, 0.2] } },
  }),
  batch: optionGroup({ kind, ...batchOptions }).prefault({}),
  rowWeight,
  /** Maximum number of epochs, ≥ 1. Default 100. */
  epochs: option(whole(1).default(100), {
    group: length,
    flag: '--epochs <number>',
    help: 'maximum number of epochs',
    common: true,
  }),
  /** Maximum training time in seconds, validation included, without the refit. The learning-rate schedule then follows the clock, and `epochs` is the upper limit. Default: no limit. */
  timeBudget: option(positive.optional(), {
    group: length,
    flag: '--time-budget <seconds>',
    help: 'maximum training time in seconds',
    fixed: true,
  }),
  validation: optionGroup(validationShape).prefault({}),
  /** Retrains on training and validation data together, for the number of steps that validation found best. Default false. */
  refit: option(yesOrNo.default(false), {
    group: length,
    flag: '--refit',
    help: 'retrain on train and validation data together, for the best number of steps',
    sets: true,
    opposite: 'do not refit',
    common: true,
    fixed: true,
  }),
  /** Epochs between checkpoints, ≥ 1. Default: every epoch, but at most one checkpoint every ten seconds. */
  checkpointEvery: option(whole(1).optional(), {
    group: length,
    flag: '--checkpoint-every <epochs>',
    help: 'epochs between checkpoints (default: every epoch, at most every ten seconds)',
    fixed: true,
  }),
  ...runShape,
};

/** All training options with their paths. */
export const trainOptions: readonly DeclaredOption[] = declaredOptions(trainShape);

/** The schema of a training configuration, with defaults. The default score depends on the loss. */
export const trainConfigSchema = optionGroup(trainShape).transform((c) => ({
  ...c,
  score: c.score ?? defaultScore(c.loss),
}));

/** A training configuration as written: every option is optional. */
export type TrainConfigInput = z.input<typeof trainConfigSchema>;

/** A checked training configuration: every option has a value, except those whose default is to be absent. */
export type TrainConfig = z.output<typeof trainConfigSchema>;

/**
 * Checks a training configuration and fills in the defaults.
 * @param shape the declarations. Default: all training options
 * @throws TaurecError `bad-option` with the option, the given value and the expected one; for an unknown option it names the nearest known one
 */
export function parseTrainConfig(input: unknown, shape: z.ZodRawShape = trainShape): TrainConfig {
  const schema = shape === trainShape ? trainConfigSchema : (optionGroup(shape) as unknown as typeof trainConfigSchema);
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw optionError(parsed.error, input, (path) => optionNames(shape, path));
}

/** The configuration as JSON: Infinity becomes "inf", and a loss, backbone, pool or sampler given as an object becomes its name and parameters. `parseTrainConfig` reads it back. */
export function configToJson(config: TrainConfig): Record<string, unknown> {
  const { pool, sampler, ...batch } = config.batch;
  const written = {
    ...config,
    loss: writtenSource(config.loss),
    backbone: writtenSource(config.backbone),
    batch: {
      ...batch,
      pool: typeof pool === 'string' ? pool : writtenSource(pool),
      ...(sampler && { sampler: writtenSource(sampler) }),
    },
  };
  return JSON.parse(JSON.stringify(written, infinityAsText));
}

/** True for a loss given as an object. Its functions cannot be sent to a worker thread. */
export function isLoss(source: LossSource): source is Loss {
  return 'evaluate' in source;
}

/** The pool or sampler that the configuration gives as an object; undefined without one. Like loss objects, it cannot be sent to a worker thread. */
export function customObject({ pool, sampler }: TrainConfig['batch']): { kind: string; name: string } | undefined {
  if (typeof pool === 'object' && 'openPool' in pool) return { kind: 'Pool', name: pool.name };
  if (sampler && 'openSampler' in sampler) return { kind: 'Sampler', name: sampler.name };
  return undefined;
}

/** True for a backbone given as an object. */
export function isBackbone(source: BackboneSource): source is Backbone {
  return 'forward' in source;
}
