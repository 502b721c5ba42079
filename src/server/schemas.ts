import { z } from 'zod';
import { attributeTypes } from '../data/attribute-columns.ts';
import { upTo } from '../option.ts';
import { absenceCauses } from '../recommender/people-ranker.ts';
import { listShape } from '../recommender/recommendation.ts';
import { similarShape } from '../recommender/similar-items.ts';
import { filterSchemas, type ServerFilters } from './filter-schemas.ts';
import { plainList } from './plain-list.ts';

/** Maximum sizes of requests and responses. They bound the work of one request. */
interface RequestLimits {
  /** Maximum k: items in a list. */
  readonly maxK: number;
  /** Maximum number of users in a request. */
  readonly users: number;
  /** Maximum number of liked items in a request. */
  readonly liked: number;
  /** Maximum number of ids in any other list of a request (`exclude`, `allow`). */
  readonly ids: number;
  /** Maximum number of pairs to score in a request. */
  readonly pairs: number;
  /** Maximum number of feedback events in a request. */
  readonly events: number;
  /** Maximum number of items in a response, users × k; an item with reasons counts as `explain` items, at least 5, which its text is as long as. */
  readonly items: number;
  /** Maximum number of liked items in a reason (`explain`). */
  readonly reasons: number;
  /** Maximum length of an id, in characters. */
  readonly idLength: number;
}

/** Limits of `taurec serve`; the server's option `maxK` replaces `maxK`. */
export const defaultLimits: RequestLimits = {
  maxK: 1000,
  users: 1000,
  liked: 1000,
  ids: 10_000,
  pairs: 10_000,
  events: 1000,
  items: 100_000,
  reasons: 100,
  idLength: 512,
};

/** Characters that no store accepts: NUL, which databases refuse, and unpaired surrogates, which UTF-8 cannot encode. */
const unstorable = /[\0\p{Surrogate}]/u;

/**
 * Creates the schemas of all requests; they validate requests and generate the API document. The error text of each schema completes the sentence "got …, expected …".
 * Objects are strict: a misspelt option is an error and does not silently become a default.
 */
export function requestSchemas(limits: RequestLimits, serverFilters: ServerFilters = {}) {
  const text = (what: string, length: number) => {
    const error = `${what} of 1 to ${length} characters, without NUL characters and unpaired surrogates`;
    return z
      .string({ error })
      .min(1, { error })
      .max(length, { error })
      .refine((value) => !unstorable.test(value), { error });
  };
  const idText = text('an id', limits.idLength);
  // Logs often have numeric ids: the number 42 means the id '42'. Numbers beyond 2^53 are refused, since JSON parsing has already rounded them.
  const id = z
    .union([idText, z.int()], { error: `an id: text of 1 to ${limits.idLength} characters, or a whole number` })
    .transform(String)
    .meta({ description: 'An id. A whole number stands for its decimal text: 42 is the id "42".' });
  const plainId = (value: unknown) =>
    typeof value === 'string' && value.length > 0 && value.length <= limits.idLength && !unstorable.test(value)
      ? value
      : undefined;
  const plainPair = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return undefined;
    let fields = 0;
    for (const _ in value) fields++;
    const pair = value as Record<'user' | 'item', unknown>;
    const [user, item] = [plainId(pair.user), plainId(pair.item)];
    return fields === 2 && user !== undefined && item !== undefined ? { user, item } : undefined;
  };
  const sizes = (what: string, most: number, least = 0) => {
    return { error: `a list of ${least} to ${most} ${what}`, least, most };
  };
  const idList = (most: number, least = 0) => plainList(id, plainId, sizes('ids', most, least));
  const list = <T extends z.ZodType>(element: T, what: string, most: number, least = 0) =>
    plainList(element, () => undefined, sizes(what, most, least));
  const k = upTo(listShape.k, limits.maxK)
    .default(Math.min(listShape.k.def.defaultValue, limits.maxK))
    .meta({ description: 'Number of items. A list is shorter only if fewer items qualify.', example: 10 });
  const itemFilters = filterSchemas(serverFilters);
  const options = {
    k,
    ...itemFilters,
    exclude: idList(limits.ids).optional().meta({ description: 'Items to leave out. Unknown ids are ignored.' }),
    allow: idList(limits.ids).optional().meta({ description: 'Recommend only these items. Unknown ids are ignored.' }),
    includeSeen: listShape.includeSeen.unwrap().optional().meta({
      description: 'Include items the user has already seen, in the training data or through feedback. Default false.',
    }),
    fallback: listShape.fallback.meta({
      description:
        'What to return for users unknown to the model: a list from their feedback if there is any, otherwise the most popular items. Absent: error `unknown-id`.',
    }),
    diversity: listShape.diversity.unwrap().optional().meta({
      description:
        'Penalty for items similar to those already in the list (maximal marginal relevance), from 0 (off, default) to 1.',
    }),
    explain: upTo(listShape.explain, limits.reasons).optional().meta({
      description:
        'Adds `because` to every item: the parts of its score, with this many of the liked items that have the largest parts. Default: none.',
    }),
    discover: listShape.discover.unwrap().optional().meta({
      description: "Shift towards less popular items, from 0 (the model's own ranking, default) to 1.",
    }),
  };
  const positive = (what: string) => z.number({ error: what }).gt(0, { error: what });
  // Scoring uses 32-bit floats, in which weights outside this range would become 0 or infinite.
  const weightError = 'a number from 1e-30 to 1e30';
  const weight = z.number({ error: weightError }).min(1e-30, { error: weightError }).max(1e30, { error: weightError });
  const timeError = 'seconds since 1970 (not milliseconds), or a time such as 2026-05-31T12:00:00Z';
  const fits = ({ k, explain = 0 }: { readonly k: number; readonly explain?: number }, lists = 1) =>
    lists * k * (explain > 0 ? Math.max(5, explain) : 1) <= limits.items;
  const tooMany = (what: string) => ({
    path: ['k'],
    error: `at most ${limits.items} items in total (${what}; with explain, ${what} × explain or × 5)`,
  });
  const optionsObject = z.strictObject(options).refine((given) => fits(given), tooMany('k'));
  return {
    id: idText,
    options: optionsObject,
    popular: z.strictObject({ k, ...itemFilters }),
    similar: z.strictObject({
      k,
      ...itemFilters,
      by: similarShape.by.unwrap().optional().meta({
        description:
          '`embeddings` (default): items with similar embeddings. `together`: items that the same users have, by the weights of the neighbour term of the model.',
      }),
    }),
    recommendations: z
      .strictObject({ users: idList(limits.users, 1), ...options })
      .refine((given) => fits(given, given.users.length), tooMany('users × k'))
      .meta({ id: 'RecommendationsRequest' }),
    forItems: z
      .strictObject({
        items: idList(limits.liked).meta({ description: 'Items that the user likes.' }),
        weights: list(weight, 'numbers from 1e-30 to 1e30', limits.liked)
          .optional()
          .meta({ description: 'One weight for each item, in the same order. Default 1.' }),
        unknown: z.enum(['fail', 'skip'], { error: '"fail" or "skip"' }).optional().meta({
          description: 'What to do with items unknown to the model: fail the request, or skip them. Default fail.',
        }),
        ...options,
      })
      .refine((given) => fits(given), tooMany('k'))
      .meta({ id: 'ForItemsRequest' }),
    scores: z
      .strictObject({
        pairs: plainList(
          z.strictObject({ user: id, item: id }, { error: 'an object with user and item' }),
          plainPair,
          sizes('pairs', limits.pairs, 1),
        ),
      })
      .meta({ id: 'ScoresRequest' }),
    feedback: z
      .strictObject({
        events: list(
          z
            .strictObject(
              {
                user: id,
                item: id,
                time: z
                  .union(
                    [
                      // The year 5138 in seconds. Milliseconds of any date after March 1973 exceed it.
                      z.number().min(0).max(1e11),
                      z.iso.datetime({ offset: true }).transform((text) => Date.parse(text) / 1000),
                    ],
                    { error: timeError },
                  )
                  .optional()
                  .meta({
                    description:
                      'Seconds since 1970-01-01 UTC, or a time in ISO 8601 with its offset, such as 2026-05-31T12:00:00Z. Default: now.',
                  }),
                kind: text('a name', 64)
                  .optional()
                  .meta({ description: "'view', 'like', 'purchase' … Default 'interaction'." }),
                weight: positive('a number above 0')
                  .optional()
                  .meta({ description: 'Weight as a positive. Default 1.' }),
                id: text('an id', 128).optional().meta({
                  description: 'Id of the event. An event that is sent twice with the same id is stored once.',
                }),
              },
              { error: 'an object with user and item' },
            )
            .meta({ id: 'FeedbackEvent' }),
          'events',
          limits.events,
          1,
        ),
      })
      .meta({ id: 'FeedbackRequest' }),
  };
}

/** Schemas of all requests, by endpoint. */
export type RequestSchemas = ReturnType<typeof requestSchemas>;
/** The options of a list, as parsed from a request. */
export type ParsedOptions = z.infer<RequestSchemas['options']>;

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
        'Cosine or dot product, as the model scores; for the basis `popular`, the number of users who have the item.',
    }),
    title: z.string().optional(),
    because: reasons.optional().meta({ description: 'With `explain`. Absent in lists of popular items.' }),
  })
  .meta({ id: 'Item' });
const items = z.array(item).meta({ description: 'Best first.' });
const list = z
  .object({
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
    trigger: z.enum(['watch', 'signal', 'request', 'restart']),
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
  items: z.object({ items }),
  explanation,
  similar: z.object({ item: z.string(), items }),
  scores: z.object({ scores: z.array(z.number()) }),
  feedback: z.object({
    received: count.meta({ description: 'Events in the request.' }),
    new: count.meta({ description: 'Events of the request that were not stored before.' }),
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
      epochs: count,
      metrics: z.record(z.string(), z.unknown()),
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

export type ResponseSchemas = typeof responseSchemas;
