import { z } from 'zod';

const item = z
  .object({
    id: z.string(),
    score: z
      .number()
      .meta({ description: 'A cosine or an inner product; of popular items: how many users have them.' }),
    title: z.string().optional(),
  })
  .meta({ id: 'Item' });
const items = z.array(item).meta({ description: 'Best first.' });
const list = z
  .object({
    user: z.string(),
    basis: z.enum(['model', 'feedback', 'popular']).meta({
      description:
        "What the list rests on: the model's own embedding of the user; the feedback of a user that the model does not know; popularity.",
    }),
    items,
  })
  .meta({ id: 'List' });
const reload = z
  .object({
    outcome: z.enum(['opened', 'unchanged', 'failed']),
    at: z.iso.datetime(),
    trigger: z.enum(['start', 'watch', 'signal', 'request', 'restart']),
    seconds: z.number(),
    error: z.object({ code: z.string().optional(), message: z.string() }).optional(),
  })
  .meta({ id: 'Reload' });
const count = z.int().min(0);

/** The shapes of all answers, for the API document; a test holds the answers to them. */
export const responseSchemas = {
  list,
  lists: z.object({ recommendations: z.array(list) }),
  items: z.object({ items }),
  similar: z.object({ item: z.string(), items }),
  scores: z.object({ scores: z.array(z.number()) }),
  feedback: z.object({
    received: count.meta({ description: 'Events in the request.' }),
    new: count.meta({ description: 'Those of them that were not there yet.' }),
  }),
  reload,
  model: z
    .object({
      users: count,
      items: count,
      interactions: count,
      dimension: count,
      titles: z.boolean(),
      backbone: z.string(),
      score: z.enum(['cosine', 'dot']),
      loss: z.looseObject({}),
      seed: z.int(),
      epochs: count,
      metrics: z.record(z.string(), z.unknown()),
      versions: z.record(z.string(), z.string()).optional(),
      revision: z.int().min(1).meta({ description: 'Counts the models opened since the server started.' }),
      openedAt: z.iso.datetime(),
      lastReload: reload.optional(),
    })
    .meta({ id: 'Model' }),
  status: z.object({ status: z.string() }),
  problem: z
    .object({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      code: z.string().meta({ description: 'Stable, for programs.' }),
      instance: z.string().meta({ description: 'The id of the request, as in X-Request-Id and the log.' }),
      errors: z
        .array(z.object({ field: z.string(), got: z.string(), expected: z.string() }))
        .optional()
        .meta({ description: 'What is wrong, field by field; the first 20.' }),
    })
    .meta({ id: 'Problem' }),
};

export type ResponseSchemas = typeof responseSchemas;
