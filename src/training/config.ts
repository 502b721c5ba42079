import * as z from 'zod';
import { infinityAsText } from '../array/infinity-as-text.ts';
import type { Backbone, BackboneSource } from '../backbone/backbone.ts';
import { rankMetricNames } from '../evaluation/metrics.ts';
import type { Loss, LossSource } from '../loss/loss.ts';
import { defaultScore } from '../loss/losses.ts';
import { optimizerDefaults } from '../optimizer/create-optimizer.ts';
import { samplerDefaults as sampling } from '../sampler/sampler-options.ts';
import { aims } from './aim.ts';
import { optionError } from './option-errors.ts';
import { namedSource, writtenSource } from './source-option.ts';

/** A number of which `holds` is true; `expected` says so in words. Infinity and NaN are refused. */
const number = (expected: string, holds: (x: number) => boolean) =>
  z.number({ error: expected }).refine(holds, { error: expected });
const whole = (least: number) =>
  number(`a whole number of at least ${least}`, (x) => Number.isSafeInteger(x) && x >= least);
const positive = number('a number above 0', (x) => x > 0);
const notNegative = number('a number of at least 0', (x) => x >= 0);
const fraction = number('a number in [0, 1)', (x) => x >= 0 && x < 1);
const flag = z.boolean({ error: 'true or false' });
const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `one of ${names.join(', ')}` });

/** Objects refuse keys that they do not know. */
const group = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'an object' : undefined) });
/** `{name, …}`, or the name alone. */
const named = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess((x) => (typeof x === 'string' ? { name: x } : x), group(shape));

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

const metric = `a metric as 'ndcg@20'; metrics: ${rankMetricNames.join(', ')}`;

const scheduleShape = {
  /** Constant, or half a cosine down to `final`. */
  name: oneOf(['constant', 'cosine']).default('cosine'),
  /** Fraction of the run over which the rate rises linearly from 0. */
  warmup: fraction.default(0),
  /** Fraction of the learning rate that is left at the end of a cosine. */
  final: number('a number in [0, 1]', (x) => x >= 0 && x <= 1).default(0),
};

const optimizerShape = {
  name: oneOf(['adam', 'sgd']).default(optimizerDefaults.name),
  beta1: fraction.default(optimizerDefaults.beta1),
  beta2: fraction.default(optimizerDefaults.beta2),
  epsilon: positive.default(optimizerDefaults.epsilon),
};

const batchShape = {
  /** `user`: a row is a user with all positives, and the batch shares one pool. `pair`: a row is one positive with negatives of its own. */
  kind: oneOf(['user', 'pair']).default(sampling.batch),
  /** Rows a step: users or pairs; `auto`: by the number of users. */
  rows: z
    .union([z.literal('auto'), whole(1)], { error: "a whole number of at least 1, or 'auto'" })
    .default(sampling.rows),
  /** Negatives a row sees: a number, or all items (the exact softmax; user batches). */
  negatives: z
    .union([z.literal('all'), whole(1)], { error: "a whole number of at least 1, or 'all'" })
    .default(sampling.negatives),
  /** Where negatives are drawn from: all items alike, items by popularity^alpha, the positives of the other rows; `all` is every item, as negatives `all`. */
  pool: oneOf(['uniform', 'popularity', 'in-batch', 'all']).default(sampling.pool),
  /** Exponent of the popularity pool. */
  alpha: notNegative.default(sampling.alpha),
  /** Corrects the scores of a pool that is not uniform by how likely an item is to be in it. */
  logQ: flag.default(sampling.logQ),
  /** Keeps a user's own positives out of the negatives. */
  maskPositives: flag.default(sampling.maskPositives),
};

const validationShape = {
  /** What the best epoch is chosen by, larger is better: a metric and its cut-off. */
  metric: z
    .string({ error: metric })
    .regex(new RegExp(`^(${rankMetricNames.join('|')})@[1-9]\\d*$`), { error: metric })
    .default('ndcg@20'),
  /** Validates after every so many epochs, and after the last. */
  every: whole(1).default(5),
  /**
   * Stops after so many validations in a row without a better one. Under a cosine schedule the last epochs, at low rates, still gain: a run that stops early
   * saves time and loses some of it (health: NDCG@20 .1377 with all epochs, .1356 after 10 epochs of patience).
   */
  patience: whole(1).default(6),
  /** At most so many validation users are looked at, drawn once by the seed. */
  users: whole(1).default(5000),
};

const shape = {
  /** The default is BSL as tuned for ordinary data; a loss that is named has its paper's λ = 1. A τ that is not given follows the catalogue's size. */
  loss: loss.default({ name: 'bsl', options: { tau1: 4, negativeWeight: 1.2 } }),
  /** What makes final embeddings of the trained ones: matrix factorisation leaves them as they are, graph backbones mix them over the training graph. */
  backbone: backbone.default({ name: 'mf', options: {} }),
  /** Cosine of the embeddings, or inner product; absent: as the loss has it in its paper. */
  score: oneOf(['cosine', 'dot']).optional(),
  /**
   * What the model is for, and so what its validation part should be. `accuracy`: to guess what comes next in a future like the log; held out as the log is.
   * `discovery`: to find what people would like among all items, when the future is less skewed than the log; held out `debiased`.
   */
  aim: oneOf(aims).default('accuracy'),
  /**
   * c of the popularity prior: lists are ranked by s_ui + c · log(1 + n_i), n_i = training interactions of item i (docs/popularity.md). `auto`: chosen at every
   * validation by what validates best; needs a validation part.
   */
  popularityPrior: z.union([z.literal('auto'), z.number()], { error: "a finite number, or 'auto'" }).default(0),
  dimension: whole(1).default(64),
  /** Embeddings start as N(0, initialDeviation²). */
  initialDeviation: positive.default(0.1),
  optimizer: named(optimizerShape).prefault({}),
  learningRate: positive.default(0.02),
  schedule: named(scheduleShape).prefault({}),
  /** Adds l2/(rows per batch)·θ to the gradient of the rows of a batch. */
  l2: notNegative.default(0),
  /** θ ← θ(1 − lr·decay) at every step, for every row. */
  decoupledWeightDecay: notNegative.default(0),
  /** Probability that an element of an embedding is left out of a batch. */
  embeddingDropout: fraction.default(0),
  batch: group(batchShape).prefault({}),
  /** What a user's row weighs: its number of positives, the root of it, or 1. */
  rowWeight: oneOf(['count', 'sqrt', 'one']).default(sampling.rowWeight),
  epochs: whole(1).default(100),
  /** Seconds for the search, validation included; the schedule then follows the clock, and `epochs` is the most that is run. */
  timeBudget: positive.optional(),
  validation: group(validationShape).prefault({}),
  /** Trains once more, on train and validation together, for the number of steps that validation chose. */
  refit: flag.default(false),
  /** Epochs between checkpoints. Absent: every epoch, but not more often than every ten seconds. */
  checkpointEvery: whole(1).optional(),
  seed: number('a whole number', Number.isSafeInteger).default(1),
  /** Absent: the engine's choice. */
  threads: whole(1).optional(),
  engine: oneOf(['auto', 'wasm', 'reference']).default('auto'),
  /** Arithmetic of the wasm engine: fused multiply-add where the machine has it (auto), or one of the two, for results that repeat on any machine. */
  build: oneOf(['auto', 'simd', 'simd-fma']).default('auto'),
};

/** Everything that decides a training run, with its defaults. They are here and, for samplers and optimisers, in `samplerDefaults` and `optimizerDefaults`; nowhere else. */
export const trainConfigSchema = group(shape).transform((c) => ({ ...c, score: c.score ?? defaultScore(c.loss) }));

/** What a person writes: everything may be left out. */
export type TrainConfigInput = z.input<typeof trainConfigSchema>;

/** A checked configuration, complete. */
export type TrainConfig = z.output<typeof trainConfigSchema>;

const groups: Readonly<Record<string, object>> = {
  '': shape,
  schedule: scheduleShape,
  optimizer: optimizerShape,
  batch: batchShape,
  validation: validationShape,
};

/**
 * Checks a configuration and fills in the defaults.
 * @throws TaurecError `bad-option`, naming the option, what was got and what was expected; an unknown option is an error that names the nearest known one.
 */
export function parseTrainConfig(input: unknown): TrainConfig {
  const parsed = trainConfigSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw optionError(parsed.error, input, (path) => Object.keys(groups[path.join('.')] ?? {}));
}

/** The configuration as JSON holds it: Infinity is "inf", and a loss or backbone that is an object is its name and parameters. `parseTrainConfig` reads it back. */
export function configToJson(config: TrainConfig): Record<string, unknown> {
  const written = { ...config, loss: writtenSource(config.loss), backbone: writtenSource(config.backbone) };
  return JSON.parse(JSON.stringify(written, infinityAsText));
}

/** True for a loss given as an object: it holds functions, which no worker thread can receive. */
export function isLoss(source: LossSource): source is Loss {
  return 'evaluate' in source;
}

/** True for a backbone given as an object. */
export function isBackbone(source: BackboneSource): source is Backbone {
  return 'forward' in source;
}
