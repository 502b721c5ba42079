import { z } from 'zod';

/** What a request may hold at most. */
interface RequestLimits {
  /** Largest k. */
  readonly maxK: number;
  /** Most users in a request. */
  readonly users: number;
  /** Most liked items in a request. */
  readonly liked: number;
  /** Most ids in any other list of a request. */
  readonly ids: number;
  /** Most pairs to score in a request. */
  readonly pairs: number;
  /** Most events of feedback in a request. */
  readonly events: number;
  /** Most items in an answer: users times k. */
  readonly items: number;
  /** Most characters of an id. */
  readonly idLength: number;
}

export const defaultLimits: RequestLimits = {
  maxK: 1000,
  users: 1000,
  liked: 1000,
  ids: 10_000,
  pairs: 10_000,
  events: 1000,
  items: 100_000,
  idLength: 512,
};

/** NUL, which databases refuse, and unpaired surrogates, which UTF-8 cannot encode. */
const unstorable = /[\0\p{Surrogate}]/u;

/**
 * The shapes of all requests, for checking them and for the API document. The error of each schema says what was expected, after "expected".
 * Objects are strict: a misspelt option is an error, not a default.
 */
export function requestSchemas(limits: RequestLimits) {
  const text = (what: string, length: number) => {
    const error = `${what} of 1 to ${length} characters, without NUL and half surrogates`;
    return z
      .string({ error })
      .min(1, { error })
      .max(length, { error })
      .refine((value) => !unstorable.test(value), { error });
  };
  const idText = text('an id', limits.idLength);
  const id = z
    .union([idText, z.int()], { error: `an id: text of 1 to ${limits.idLength} characters, or a whole number` })
    .transform(String)
    .meta({ description: 'An id; a whole number means its decimal text.' });
  const list = <T extends z.ZodType>(element: T, what: string, most: number, least = 0) => {
    const error = `a list of ${least} to ${most} ${what}`;
    return z.array(element, { error }).min(least, { error }).max(most, { error });
  };
  const between0And1 = (description: string) => {
    const error = 'a number from 0 to 1';
    return z.number({ error }).min(0, { error }).max(1, { error }).optional().meta({ description });
  };
  const kError = `a whole number from 1 to ${limits.maxK}`;
  const k = z
    .int({ error: kError })
    .min(1, { error: kError })
    .max(limits.maxK, { error: kError })
    .default(Math.min(10, limits.maxK))
    .meta({ description: 'Number of items. The list is shorter only when fewer exist.', example: 10 });
  const options = {
    k,
    exclude: list(id, 'ids', limits.ids)
      .optional()
      .meta({ description: 'Items to leave out. Unknown ids are ignored.' }),
    allow: list(id, 'ids', limits.ids)
      .optional()
      .meta({ description: 'Recommend only these items. Unknown ids are ignored.' }),
    includeSeen: z
      .boolean({ error: 'true or false' })
      .optional()
      .meta({ description: 'Include items that the user has seen in training or by feedback. Default false.' }),
    fallback: z.literal('popular', { error: '"popular"' }).optional().meta({
      description:
        'List for users unknown to the model: by their feedback if there is any, otherwise the most popular items. Absent: the error unknown-id.',
    }),
    diversity: between0And1(
      'Penalty for items similar to those already in the list (maximal marginal relevance), from 0 (off, default) to 1.',
    ),
    discover: between0And1('Shift towards less popular items, from 0 (the ranking of the model, default) to 1.'),
  };
  const positive = (what: string) => z.number({ error: what }).gt(0, { error: what });
  // Scoring uses 32-bit floats, in which weights far from 1 would become 0 or infinite.
  const weightError = 'a number from 1e-30 to 1e30';
  const weight = z.number({ error: weightError }).min(1e-30, { error: weightError }).max(1e30, { error: weightError });
  const optionsObject = z.strictObject(options);
  return {
    id: idText,
    options: optionsObject,
    similar: z.strictObject({ k }),
    recommendations: z
      .strictObject({ users: list(id, 'ids', limits.users, 1), ...options })
      .refine(({ users, k }) => users.length * k <= limits.items, {
        path: ['k'],
        error: `at most ${limits.items} items in all: users times k`,
      })
      .meta({ id: 'RecommendationsRequest' }),
    forItems: z
      .strictObject({
        items: list(id, 'ids', limits.liked).meta({ description: 'Items that the user likes.' }),
        weights: list(weight, 'numbers from 1e-30 to 1e30', limits.liked)
          .optional()
          .meta({ description: 'A weight for each item, in the same order. Default 1.' }),
        unknown: z
          .enum(['fail', 'skip'], { error: '"fail" or "skip"' })
          .optional()
          .meta({ description: 'What to do with items that the model does not know. Default fail.' }),
        ...options,
      })
      .meta({ id: 'ForItemsRequest' }),
    scores: z
      .strictObject({
        pairs: list(
          z.strictObject({ user: id, item: id }, { error: 'an object with user and item' }),
          'pairs',
          limits.pairs,
          1,
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
                  .number({ error: 'seconds since 1970, 0 or more' })
                  .min(0, { error: 'seconds since 1970, 0 or more' })
                  .max(1e11, { error: 'seconds since 1970, not milliseconds' })
                  .optional()
                  .meta({ description: 'Seconds since 1970-01-01 UTC. Default: now.' }),
                kind: text('a name', 64)
                  .optional()
                  .meta({ description: "'view', 'like', 'purchase' … Default 'interaction'." }),
                weight: positive('a number above 0')
                  .optional()
                  .meta({ description: 'Weight as a positive. Default 1.' }),
                id: text('an id', 128)
                  .optional()
                  .meta({ description: 'An id of the event: sent twice it counts once.' }),
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

export type RequestSchemas = ReturnType<typeof requestSchemas>;
/** The options of a list as a request gives them. */
export type ParsedOptions = z.infer<RequestSchemas['options']>;

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
