import * as z from 'zod';
import { infinityAsText } from '../array/infinity-as-text.ts';
import type { Backbone, BackboneSource } from '../backbone/backbone.ts';
import { backboneOptions } from '../backbone/backbones.ts';
import { runShape } from '../engine/run-options.ts';
import { rankMetricNames } from '../evaluation/metrics.ts';
import type { Loss, LossSource } from '../loss/loss.ts';
import { defaultScore, lossDeclarations, lossNames } from '../loss/losses.ts';
import { precisionOption } from '../model/precision.ts';
import { MOST_NEIGHBORS } from '../neighbors/neighbors.ts';
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

/** `{name, …}`, or the name alone. */
const named = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess((x) => (typeof x === 'string' ? { name: x } : x), optionGroup(shape));

const lossExpected =
  'the name of a loss, {name, …options}, {module, export, options}, or an object with name, parameters and evaluate';
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

/** The options of each built-in loss. */
const lossOptions = Object.fromEntries(lossNames.map((name) => [name, lossDeclarations[name].options]));
const dotLosses = lossNames.filter((name) => lossDeclarations[name].score === 'dot');

const neighborsExpected = { error: `'auto', 'off' or a whole number from 1 to ${MOST_NEIGHBORS}` };

const metric = `a metric as 'ndcg@20'; metrics: ${rankMetricNames.join(', ')}`;
/** A metric and its cut-off: `ndcg@20`. */
export const metricName = z
  .string({ error: metric })
  .regex(new RegExp(`^(${rankMetricNames.join('|')})@[1-9]\\d*$`), { error: metric });

const model = 'Model:';
const length = 'Length of training:';
const optimiser = 'Optimiser:';

const scheduleShape = {
  /**
   * The shape of the schedule: `constant`; `cosine` (default), half a cosine down to `final`; `cooldown`, constant, then linear down to `final` over the last two fifths.
   * `cooldown` suits trainings of some 10 to 30 epochs (docs/decisions/067-time-to-accuracy.md).
   */
  name: option(oneOf(['constant', 'cosine', 'cooldown']).default('cosine'), {
    group: optimiser,
    flag: '--schedule <name>',
    help: 'learning-rate schedule',
  }),
  /** Fraction of the run, in [0, 1), over which the learning rate rises linearly from 0. Default 0. */
  warmup: option(fraction.default(0), {
    group: optimiser,
    flag: '--warmup <number>',
    help: 'fraction of the run over which the learning rate rises from 0',
  }),
  /** The learning rate at the end of a cosine or cooldown, as a fraction of the highest, in [0, 1]. Default 0. */
  final: option(within(0, 1).default(0), {
    group: optimiser,
    flag: '--final <number>',
    help: 'final learning rate, as a fraction of --learning-rate',
  }),
};

const { decoupledWeightDecay, l2, ...optimizerOptions } = optimizerShape;
const { batch: kind, rowWeight, ...batchOptions } = samplerShape;

const validationShape = {
  /** Metric and cut-off that choose the best epoch; larger is better. */
  metric: option(metricName.default('ndcg@20'), {
    group: length,
    flag: '--metric <name@k>',
    help: 'metric that chooses the best epoch',
    fixed: true,
  }),
  /** Epochs between validations; the last epoch is validated too. */
  every: option(whole(1).default(5), {
    group: length,
    flag: '--validate-every <epochs>',
    help: 'epochs between validations',
    fixed: true,
    compared: true,
  }),
  /**
   * Number of validations in a row without an improvement after which training stops, ≥ 1, default 6.
   *
   * Under a cosine schedule the last epochs, at low rates, still gain: stopping early saves time and loses some of that gain
   * (health: NDCG@20 .1377 with all epochs, .1356 after 10 epochs of patience).
   */
  patience: option(whole(1).default(6), {
    group: length,
    flag: '--patience <number>',
    help: 'stop after this many validations without an improvement',
    fixed: true,
    compared: true,
  }),
  /** Maximum number of validation users, drawn once by the seed. */
  users: option(whole(1).default(5000), {
    group: length,
    flag: '--validation-users <number>',
    help: 'validate on at most this many users',
    fixed: true,
  }),
};

/**
 * Every training option, declared once: type, bounds and default by zod; flag, help and search range by `option`.
 *
 * The types of a configuration, the flags of `taurec train` with their help, the tables of docs/command-line.md and the names in a search space all come from here.
 */
export const trainShape = {
  /** The loss. The default is BSL as tuned for ordinary data, with a validation part another objective (`default-objective.ts`); a loss given by name has its paper's λ = 1. An omitted τ depends on the size of the catalogue. */
  loss: option(loss.default({ name: 'bsl', options: { tau1: 4, negativeWeight: 1.2 } }), {
    group: 'Loss:',
    flag: '--loss <name>',
    help: 'training loss',
    common: true,
    source: { kind: 'loss', method: 'evaluate', builtIn: lossOptions },
  }),
  /** The model that turns trained embeddings into final ones: matrix factorisation leaves them as they are, graph backbones mix them over the training graph. */
  backbone: option(backbone.default({ name: 'mf', options: {} }), {
    group: 'Backbone:',
    flag: '--backbone <name>',
    help: 'embedding model: matrix factorisation, or a graph network',
    common: true,
    source: { kind: 'backbone', method: 'forward', builtIn: backboneOptions },
  }),
  /** The score of a user and an item: cosine or inner product. Absent: the score that the loss has in its paper. */
  score: option(oneOf(['cosine', 'dot']).optional(), {
    group: model,
    flag: '--score <name>',
    help: `score of a user and an item (default: dot for ${dotLosses.join(', ')}, else cosine)`,
  }),
  /**
   * The score that lists are ranked by. Absent: `score`. A model trained on cosines and ranked by inner products lets the length of an item's embedding count,
   * as programs of graph models do (Wu et al., ICDE 2024); new people are folded in by `score`.
   */
  rankingScore: option(oneOf(['cosine', 'dot']).optional(), {
    group: model,
    flag: '--ranking-score <name>',
    help: 'score that lists are ranked by (default: that of training)',
  }),
  /**
   * The purpose of the model, and with it the kind of validation part.
   *
   * `accuracy` (default): predict the next entries of a log like this one; validation keeps the log's distribution. `discovery`: find what users would like in the whole
   * catalogue, when the future is less skewed than the log; validation is `debiased`.
   */
  aim: option(oneOf(aims).default('accuracy'), {
    group: model,
    flag: '--aim <name>',
    help: 'optimise for accuracy on data like the log, or for discovery across the catalogue',
    common: true,
    fixed: true,
  }),
  /**
   * c of the popularity prior: lists are ranked by s_ui + c · log(1 + n_i), with n_i the training interactions of item i (docs/popularity.md). Default 0, but `auto` with a validation part where no option of the objective is named.
   * `auto` chooses the c that validates best; it needs a validation part.
   */
  popularityPrior: option(
    z.union([z.literal('auto'), z.number()], { error: "a finite number, or 'auto'" }).default(0),
    {
      group: model,
      flag: '--popularity-prior <number>',
      help: 'popularity term of a score: number · log(1 + interactions of the item); below 0 favours the long tail; auto: chosen by validation, the default where a validation part is there and no option of the objective is named',
    },
  ),
  /**
   * The neighbour term of the scores, β · |P_u|^(−1/2) · Σ_{j∈P_u} S_ij (docs/neighbours.md), added after training. `auto` (default): its numbers are those that validate best, no term where none helps;
   * without a validation part fixed ones. A number: K, the most neighbours of an item, 1 – 200; the others as under `auto`. `off`: no term.
   */
  neighbors: option(
    z
      .union(
        [
          z.literal('auto'),
          z.literal('off'),
          z.int(neighborsExpected).gte(1, neighborsExpected).lte(MOST_NEIGHBORS, neighborsExpected),
        ],
        neighborsExpected,
      )
      .default('auto'),
    {
      group: model,
      flag: '--neighbors <number>',
      help: 'add an item–item term to the scores: auto (chosen by validation), off, or the most neighbours of an item',
      common: true,
      fixed: true,
      compared: true,
    },
  ),
  /**
   * What a catalogue is for besides titles and filters. `auto` (default): items that few users have get an embedding from their attributes, and items that only the catalogue has are recommended too (docs/cold-items.md). `off`: neither.
   */
  coldItems: option(oneOf(['auto', 'off']).default('auto'), {
    group: model,
    flag: '--cold-items <what>',
    help: 'place items with few interactions, or none, by their attributes in the catalogue: auto, off',
    fixed: true,
    compared: true,
  }),
  /** Number of latent factors, ≥ 1, default 64. */
  dimension: option(whole(1).default(64), {
    group: model,
    flag: '--dimension <number>',
    help: 'length of the embeddings',
    common: true,
  }),
  /** Standard deviation of the initial embeddings, N(0, initialDeviation²), > 0, default .1. */
  initialDeviation: option(positive.default(0.1), {
    group: model,
    flag: '--initial-deviation <number>',
    help: 'standard deviation of the initial embeddings',
  }),
  /**
   * The type in which a saved model stores its embeddings: `f32` (default), or `f16`, 16-bit floats, which take half the bytes on disk and less in memory when the model is served (docs/half-precision.md).
   * Training computes in 32 bits with either, and its state stays exact.
   */
  precision: precisionOption,
  optimizer: named(optimizerOptions).prefault({}),
  /** Peak learning rate. */
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
  /** Probability in [0, 1) that an embedding element is dropped in a step. Default 0. */
  embeddingDropout: option(fraction.default(0), {
    group: optimiser,
    flag: '--dropout <number>',
    help: 'dropout of embedding elements',
    searchByScore: { dot: { choice: [0, 0.2] } },
  }),
  batch: optionGroup({ kind, ...batchOptions }).prefault({}),
  rowWeight,
  /** Maximum number of epochs. */
  epochs: option(whole(1).default(100), {
    group: length,
    flag: '--epochs <number>',
    help: 'maximum number of epochs',
    common: true,
  }),
  /** Maximum seconds of the fit, validation included. The schedule then follows the clock, and `epochs` remains the upper bound. */
  timeBudget: option(positive.optional(), {
    group: length,
    flag: '--time-budget <seconds>',
    help: 'maximum training time in seconds',
    fixed: true,
  }),
  validation: optionGroup(validationShape).prefault({}),
  /** Trains again on train and validation together, for the number of steps that validation chose. Default false. */
  refit: option(yesOrNo.default(false), {
    group: length,
    flag: '--refit',
    help: 'retrain on train and validation data together, for the best number of steps',
    sets: true,
    opposite: 'do not refit',
    common: true,
    fixed: true,
    compared: true,
  }),
  /** Epochs between checkpoints, ≥ 1. Absent: every epoch, at most once per ten seconds. */
  checkpointEvery: option(whole(1).optional(), {
    group: length,
    flag: '--checkpoint-every <epochs>',
    help: 'epochs between checkpoints (default: every epoch, at most every ten seconds)',
    fixed: true,
  }),
  ...runShape,
};

/** Every training option with its path. */
export const trainOptions: readonly DeclaredOption[] = declaredOptions(trainShape);

/** The schema of a configuration; fills in the defaults. */
export const trainConfigSchema = optionGroup(trainShape).transform((c) => {
  const score = c.score ?? defaultScore(c.loss);
  return { ...c, score, rankingScore: c.rankingScore ?? score };
});

/** A configuration as a user writes it: every option may be omitted. */
export type TrainConfigInput = z.input<typeof trainConfigSchema>;

/** A checked configuration, complete with defaults. */
export type TrainConfig = z.output<typeof trainConfigSchema>;

/**
 * Checks a configuration and fills in the defaults.
 * @param shape the declarations, if not the full set
 * @throws TaurecError `bad-option` with the option, the value and what was expected; for an unknown option, the nearest known one
 */
export function parseTrainConfig(input: unknown, shape: z.ZodRawShape = trainShape): TrainConfig {
  const schema = shape === trainShape ? trainConfigSchema : (optionGroup(shape) as unknown as typeof trainConfigSchema);
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw optionError(parsed.error, input, (path) => optionNames(shape, path));
}

/** The configuration as JSON holds it: "inf" for Infinity, and name and parameters in place of a loss or backbone object. `parseTrainConfig` reads it back. */
export function configToJson(config: TrainConfig): Record<string, unknown> {
  const { pool, sampler } = config.batch;
  const written = {
    ...config,
    loss: writtenSource(config.loss),
    backbone: writtenSource(config.backbone),
    batch: {
      ...config.batch,
      pool: typeof pool === 'string' ? pool : writtenSource(pool),
      ...(sampler && { sampler: writtenSource(sampler) }),
    },
  };
  return JSON.parse(JSON.stringify(written, infinityAsText));
}

/** True for a loss object. It holds functions, which cannot be sent to a worker thread. */
export function isLoss(source: LossSource): source is Loss {
  return 'evaluate' in source;
}

/** The loss, backbone, pool or sampler that is given as an object, if one is: its functions can be sent to no other thread. The configuration need not be checked. */
export function objectIn({ loss, backbone, batch }: TrainConfigInput): { kind: string; name: string } | undefined {
  const kinds = [
    ['Loss', loss, 'evaluate'],
    ['Backbone', backbone, 'forward'],
    ['Pool', batch?.pool, 'openPool'],
    ['Sampler', batch?.sampler, 'openSampler'],
  ] as const;
  for (const [kind, given, method] of kinds)
    if (typeof given === 'object' && given !== null && method in given)
      return { kind, name: (given as { name: string }).name };
  return undefined;
}

/** True for a backbone object. */
export function isBackbone(source: BackboneSource): source is Backbone {
  return 'forward' in source;
}
