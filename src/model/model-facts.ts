import * as z from 'zod';

/** The version of the model folder that this taurec writes, and the newest it reads. */
export const MODEL_VERSION = 1;
export const MODEL_FORMAT = 'taurec-model';

const count = z.int().nonnegative();
const options = z.record(z.string(), z.unknown());

/** How a model came about, as the caller of `saveModel` states it; counts are added from the model itself. */
const factsShape = {
  /** How base embeddings become final ones: `mf` is the identity. */
  backbone: z.string(),
  score: z.enum(['cosine', 'dot']),
  /** The loss as a config names it. */
  loss: z.union([
    z.object({ name: z.string(), options: options.optional() }),
    z.object({ module: z.string(), export: z.string().optional(), options: options.optional() }),
  ]),
  /** The whole training configuration, as JSON: Infinity is written "inf". */
  training: options,
  seed: z.int(),
  data: z.object({
    source: z.string(),
    sha256: z.string(),
    /** How parts were held out of the data. */
    splits: z
      .record(z.string(), z.object({ method: z.string(), ratio: z.number().optional(), seed: z.int() }))
      .optional(),
  }),
  /** Absent when saving: those of the running program. */
  versions: z.object({ taurec: z.string(), node: z.string() }).optional(),
  /** What computed it. Results are reproducible within one build, with any number of threads. */
  engine: z.object({ name: z.string(), build: z.string(), threads: z.int().positive() }),
  epochs: count,
  steps: count,
  /** What the number of epochs was chosen by, on which part of the data; absent: nothing was chosen. */
  chosen: z.object({ by: z.string(), on: z.string(), epoch: count, value: z.number() }).optional(),
  /** How options of the loss were chosen: the short trainings, and the value that each had; absent: they were given. */
  tuning: z
    .object({
      metric: z.string(),
      trials: z.array(z.object({ options: z.record(z.string(), z.number()), value: z.number(), seconds: z.number() })),
      chosen: z.record(z.string(), z.number()),
      seconds: z.number(),
    })
    .optional(),
  /** Where the embeddings came from when another program trained them; `loss` is then the one that people are folded in with, and how the model was trained is unknown. */
  imported: z.object({ users: z.string(), items: z.string() }).optional(),
  /** What `taurec update` added since, the oldest first. `epochs` and `steps` of the model count them in; `training` stays that of the first run. */
  updates: z
    .array(
      z.object({
        /** Where the new interactions came from. */
        data: z.object({ source: z.string(), sha256: z.string() }),
        /** What was new. */
        users: count,
        items: count,
        interactions: count,
        epochs: count,
        steps: count,
        learningRate: z.number(),
        /** Seconds of training. */
        seconds: z.number(),
      }),
    )
    .optional(),
  /** Metrics by part of the data (`valid`, `test`), each with its protocol. */
  metrics: z.record(z.string(), z.object({ protocol: z.string(), values: z.record(z.string(), z.number()) })),
} as const;

/** The content of config.json. */
export const modelConfigSchema = z.object({
  format: z.literal(MODEL_FORMAT),
  version: z.literal(MODEL_VERSION),
  dimension: z.int().positive(),
  users: count,
  items: count,
  /** Seen pairs: train and validation. */
  interactions: count,
  ...factsShape,
});

export const modelFactsSchema = z.object(factsShape);
/** Facts about a model: how it was trained, on which data, by which engine. */
export type ModelFacts = z.infer<typeof modelFactsSchema>;
/** The content of a model folder's config.json: the facts, and what was counted on saving. */
export type ModelConfig = z.infer<typeof modelConfigSchema>;
