import * as z from 'zod';
import { attributeTypes } from '../data/attribute-columns.ts';
import { neighborKinds } from '../neighbors/neighbors.ts';
import { precisions } from './precision.ts';

/** The newest version of the model folder, which this taurec writes for embeddings of 16 bits. */
export const MODEL_VERSION = 3;
/** The version of models with a neighbour term. */
export const NEIGHBORS_VERSION = 2;
/** The version of models with neither, which older versions of taurec read too. */
export const PLAIN_VERSION = 1;
/** The `format` field of config.json, which marks a folder as a taurec model. */
export const MODEL_FORMAT = 'taurec-model';

const scoreKind = z.enum(['cosine', 'dot']);
const count = z.int().nonnegative();
const options = z.record(z.string(), z.unknown());

/** The facts about a model that its maker states: how it was trained, on which data. `saveModel` adds the counts (users, items, interactions) from the model itself. */
const factsShape = {
  /** The backbone, which computes final embeddings from base embeddings; `mf` is the identity. */
  backbone: z.string(),
  /** The score of a user and an item, by which lists are ranked: cosine or inner product of their embeddings. */
  score: scoreKind,
  /** The loss as in the training configuration: a built-in one by name, a custom one by module. */
  loss: z.union([
    z.object({ name: z.string(), options: options.optional() }),
    z.object({ module: z.string(), export: z.string().optional(), options: options.optional() }),
  ]),
  /** The complete training configuration as JSON. Infinity is written "inf". */
  training: options,
  /** The type in which the embeddings are stored. Absent: f32. */
  precision: z.enum(precisions).optional(),
  seed: z.int(),
  /** The training data: where they were read from, their SHA-256 in hexadecimal, and how they were split. */
  data: z.object({
    source: z.string(),
    sha256: z.string(),
    /** By held-out part (`valid`, `test`): the split's method, ratio and seed. */
    splits: z
      .record(z.string(), z.object({ method: z.string(), ratio: z.number().optional(), seed: z.int() }))
      .optional(),
  }),
  /** Versions of taurec and Node. Default on saving: those of the running program. */
  versions: z.object({ taurec: z.string(), node: z.string() }).optional(),
  /** The engine that trained the model. Within one build, results are reproducible with any number of threads. */
  engine: z.object({ name: z.string(), build: z.string(), threads: z.int().positive() }),
  epochs: count,
  steps: count,
  /** How the number of epochs was chosen: by which metric (`by`), on which part of the data (`on`), and the value at the chosen epoch; with a neighbour term also the value without it. Absent: training ran a fixed number of epochs. */
  chosen: z
    .object({
      by: z.string(),
      on: z.string(),
      epoch: count,
      value: z.number(),
      withoutNeighbors: z.number().optional(),
    })
    .optional(),
  /** How options of the loss were chosen: the options tried in short trainings with the metric each reached, and the options chosen. Absent: all options were given. */
  tuning: z
    .object({
      metric: z.string(),
      trials: z.array(z.object({ options: z.record(z.string(), z.number()), value: z.number(), seconds: z.number() })),
      chosen: z.record(z.string(), z.number()),
      seconds: z.number(),
    })
    .optional(),
  /** The files that the embeddings were imported from, if another program trained them. The training is then unknown, and `loss` is the loss that new users are folded in with. */
  imported: z.object({ users: z.string(), items: z.string() }).optional(),
  /** The updates (`taurec update`) since the first training, oldest first. The model's `epochs` and `steps` include them; `training` stays the configuration of the first run. */
  updates: z
    .array(
      z.object({
        /** Source and SHA-256 of the new interactions. */
        data: z.object({ source: z.string(), sha256: z.string() }),
        /** Numbers of new users, items and interactions. */
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

/** The files of a model with sizes and digests, by name. */
const filesSchema = z.record(z.string(), z.object({ bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) }));

/** The content of config.json. */
export const modelConfigSchema = z.object({
  format: z.literal(MODEL_FORMAT),
  version: z.union([z.literal(PLAIN_VERSION), z.literal(NEIGHBORS_VERSION), z.literal(MODEL_VERSION)]),
  dimension: z.int().positive(),
  users: count,
  items: count,
  /** The number of seen user–item pairs, in training and validation. */
  interactions: count,
  ...factsShape,
  /** The numbers of the neighbour term; its weights are in neighbors.safetensors. Absent: no term. */
  neighbors: z
    .object({
      kind: z.enum(neighborKinds),
      size: z.int().positive(),
      exponent: z.number(),
      shrink: z.number(),
      ridge: z.number().optional(),
      beta: z.number(),
    })
    .optional(),
  /** The attributes of the items, whose values are in `file`. Absent: no catalogue. Versions that know none ignore it. */
  catalogue: z
    .object({
      file: z.string().regex(/^catalogue-[0-9a-f]{16}\.safetensors$/),
      source: z.string(),
      /** The items of the catalogue, those that the model does not know included, and the items of the model that it lacks. */
      rows: count,
      attributes: z.array(z.object({ name: z.string(), type: z.enum(attributeTypes) })),
      /** What the attributes tell about embeddings (docs/cold-items.md); its numbers are in the same file. Absent: nothing, or it was not computed. */
      cold: z
        .object({
          /** Number of hashed features. */
          features: count,
          lambda: z.number(),
          explained: z.number(),
          level: z.number(),
          offset: z.number(),
          /** Attributes with quantiles, in the order of the tensor. */
          quantiles: z.array(z.string()),
        })
        .optional(),
    })
    .optional(),
  /** Size and SHA-256 of every other file of the model. Absent in models of versions that wrote none. */
  files: filesSchema.optional(),
});

/** Checks facts before they are saved. */
export const modelFactsSchema = z.object(factsShape);
/** Facts about a model: how it was trained, on which data, by which engine. */
export type ModelFacts = z.infer<typeof modelFactsSchema>;
/** The score that the loss was trained on; new people are folded in by it. It is the model's own unless training stated another. */
export function trainedScore({ score, training }: Pick<ModelFacts, 'score' | 'training'>): ModelFacts['score'] {
  return scoreKind.catch(score).parse(training.score);
}

/** The content of a model folder's config.json: the facts, the format's name and version, and the counts and digests of files added on saving. */
export type ModelConfig = z.infer<typeof modelConfigSchema>;
