import * as z from 'zod';
import { attributeTypes } from '../data/attribute-columns.ts';
import { listIdText } from '../feedback/list-id.ts';
import { absenceCauses } from '../recommender/people-ranker.ts';

const reasons = z
  .object({
    items: z
      .array(
        z
          .object({
            id: z.string(),
            title: z.string().optional(),
            part: z.number().meta({ description: 'Part of the score: `neighbor` + `embedding`.' }),
            neighbor: z.number().meta({ description: 'Exact part in the neighbour term.' }),
            embedding: z.number().meta({
              description:
                'Share of the part of the embeddings, by a rule: in proportion to the cosine of the two items.',
            }),
          })
          .meta({ id: 'Reason' }),
      )
      .meta({ description: 'Liked items with the largest parts, largest first.' }),
    others: z.number().meta({ description: 'Sum of the parts of the other liked items.' }),
    embedding: z.number().meta({ description: 'Part of the embeddings that no liked item shares.' }),
    bias: z.number().meta({ description: 'Bias of the item.' }),
  })
  .meta({ id: 'Reasons', description: 'The score as a sum: the parts of `items`, `others`, `embedding` and `bias`.' });
const item = z
  .object({
    id: z.string(),
    score: z.number().meta({
      description:
        'Cosine or dot product, as the model scores; for the basis `popular`, the number of users who have the item; of latest items the time, of trending ones the decayed feedback.',
    }),
    title: z.string().optional(),
    because: reasons.optional().meta({ description: 'With `explain`. Absent in lists of popular items.' }),
  })
  .meta({ id: 'Item' });
const items = z.array(item).meta({ description: 'Best first.' });
/** What every kind of list has. */
const variant = z.string().optional().meta({ description: 'The model that answered. Only where models have names.' });
const listed = {
  variant,
  list: z.string().regex(listIdText).meta({
    description:
      'Id of this list, `VARIANT.VERSION.PLACE.RANDOM`. Send it back with feedback on the items of the list: it says which model made the list, and where it was shown.',
    example: '.v3.home.kJ3-x0Zq1bTn',
  }),
};
const list = z
  .object({
    ...listed,
    user: z.string(),
    basis: z.enum(['model', 'feedback', 'popular']).meta({
      description:
        'Source of the list. `model`: the embedding of the user in the model; `feedback`: the feedback of a user unknown to the model; `popular`: the most popular items.',
    }),
    items,
  })
  .meta({ id: 'List' });
const explanation = z
  .object({
    variant,
    user: z.string(),
    item: z.string(),
    title: z.string().optional(),
    basis: z.enum(['model', 'feedback', 'popular']),
    of: z.int().min(0).meta({ description: 'Number of items that the list may hold.' }),
    rank: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Place among those by score, from 1. Absent if the list leaves the item out.' }),
    place: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Place in the list, from 1. Absent if it is not in the list.' }),
    score: z.number().optional().meta({ description: 'Absent for an item that the model does not know.' }),
    absent: z
      .array(
        z
          .object({
            cause: z.enum(absenceCauses),
            events: z
              .array(z.object({ kind: z.string(), time: z.number() }))
              .optional()
              .meta({
                description:
                  "The user's events with the item, oldest first; the newest 100. Only of the cause `feedback`, if the log can look them up.",
              }),
          })
          .meta({ id: 'Absence' }),
      )
      .optional()
      .meta({
        description:
          'Why the item is not in the list. `training`, `validation`, `feedback`: the user has seen it there; `excluded`, `not-allowed`, `filtered`: the request leaves it out; `unknown`: the model does not know it; `beyond-k`: its rank is above k; `limit`: items before it use up one of its values (`atMost`); `diversity`: its rank is within k, but other items are more diverse; `index`: its rank is within k, but the approximate index missed it. Absent if it is in the list.',
      }),
    because: reasons.optional(),
  })
  .meta({ id: 'Explanation' });
const reload = z
  .object({
    outcome: z.enum(['opened', 'unchanged', 'failed']),
    at: z.iso.datetime(),
    trigger: z.enum(['watch', 'signal', 'request', 'restart', 'items']),
    seconds: z.number(),
    error: z.object({ code: z.string().optional(), message: z.string() }).optional(),
  })
  .meta({ id: 'Reload' });
const count = z.int().min(0);
const version = z
  .object({
    name: z.string(),
    published: z.iso.datetime(),
    users: count,
    items: count,
    interactions: count,
    metrics: z.record(z.string(), z.object({ protocol: z.string(), values: z.record(z.string(), z.number()) })),
    note: z.string().optional(),
  })
  .meta({ id: 'Version' });

/** Schemas of all responses, for the API document. The server does not run them; a test checks its responses against them. */
export const responseSchemas = {
  list,
  lists: z.object({ recommendations: z.array(list) }),
  items: z.object({ ...listed, items }),
  explanation,
  similar: z.object({ ...listed, item: z.string(), items }),
  scores: z.object({ scores: z.array(z.number()) }),
  feedback: z.object({
    received: count.meta({ description: 'Events in the request.' }),
    new: count.meta({ description: 'Events of the request that were not stored before.' }),
  }),
  feedbackPage: z.object({
    events: z.array(
      z.object({
        sequence: z.int().meta({ description: 'Position of the event in the log.' }),
        user: z.string(),
        item: z.string(),
        time: z.number().meta({ description: 'Seconds since 1970-01-01 UTC.' }),
        kind: z.string().optional(),
        weight: z.number().optional(),
        id: z.string().optional(),
        list: z.string().optional(),
        position: z.int().optional(),
      }),
    ),
    last: z.int().meta({ description: 'Position of the last event: `after` of the next request.' }),
  }),
  erased: z.object({
    model: z.boolean().meta({ description: 'Whether the model knew the user.' }),
    interactions: count.meta({ description: 'Interactions removed from the model.' }),
    feedback: count.meta({ description: 'Feedback events removed.' }),
  }),
  reload,
  versions: z
    .object({
      format: z.literal('taurec-versions'),
      current: z.string().meta({ description: 'The version that is served.' }),
      versions: z.array(version),
      history: z.array(z.object({ version: z.string(), at: z.iso.datetime(), by: z.enum(['publish', 'rollback']) })),
    })
    .meta({ id: 'Versions' }),
  version: z.object({ ...version.shape, current: z.literal(true) }),
  model: z
    .object({
      variant,
      variants: z
        .array(z.object({ name: z.string(), share: z.number().min(0).max(1), shadow: z.literal(true).optional() }))
        .optional()
        .meta({
          description:
            'All models with their shares of people; the one in the shadow answers nobody. Only where models have names.',
        }),
      users: count,
      items: count,
      interactions: count,
      dimension: count,
      titles: z.boolean(),
      attributes: z
        .array(z.object({ name: z.string(), type: z.enum(attributeTypes) }))
        .meta({ description: 'Attributes of the items, which lists can be filtered by.' }),
      backbone: z.string(),
      score: z.enum(['cosine', 'dot']),
      loss: z.looseObject({}),
      seed: z.int(),
      popularityPrior: z
        .number()
        .meta({ description: 'c of the popularity prior: lists are ranked by s + c·log(1 + n).' }),
      epochs: count,
      metrics: z.record(z.string(), z.unknown()),
      version: z.string().meta({
        description:
          'What names the model in the ids of its lists: the published version, otherwise 8 hexadecimal digits.',
        example: 'v3',
      }),
      versions: z.record(z.string(), z.string()).optional(),
      revision: z.int().min(1).meta({ description: 'Number of models opened since the server started.' }),
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
      code: z.string().meta({ description: 'Stable error code for programs.' }),
      instance: z
        .string()
        .meta({ description: 'Id of the request, as in the header X-Request-Id and in the server log.' }),
      errors: z
        .array(z.object({ field: z.string(), got: z.string(), expected: z.string() }))
        .optional()
        .meta({ description: 'Invalid fields, at most 20.' }),
    })
    .meta({ id: 'Problem' }),
};
