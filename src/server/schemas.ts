import * as z from 'zod';
import { upTo, whole } from '../option.ts';
import { shortName, shortNameText } from '../platform/short-name.ts';
import { itemListsShape } from '../recommender/item-lists.ts';
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

/** Seconds by which the clock of a client may be ahead: one event of a later time would let all others expire. */
const AHEAD = 86_400;

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
  const explore = {
    explore: listShape.explore.unwrap().optional().meta({
      description:
        'Share of the places for new items, those that fewer than 10 people have, from 0 (default) to 1: the best of them by their score, in places that are drawn.',
    }),
    seed: listShape.seed.unwrap().optional().meta({
      description: 'Seed of the places that `explore` draws for a person. Default 0: the same places each time.',
    }),
  };
  const place = z.string({ error: shortNameText }).regex(shortName, { error: shortNameText }).optional().meta({
    description:
      'Where the list will be shown. It becomes part of the id of the list, so that feedback can be counted by place.',
    example: 'home',
  });
  const visitor = id.optional().meta({
    description:
      'Who sees the list, for the choice of the model where the server has several: an id that stays, such as that of a session. Without it the first model with a share answers. With one model it has no effect.',
  });
  /** The options of every kind of list. */
  const common = { k, ...itemFilters, place };
  const options = {
    ...common,
    ...explore,
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
  const itemList = { ...common, visitor, exclude: options.exclude };
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
    popular: z.strictObject(itemList),
    latest: z.strictObject({
      ...itemList,
      time: itemListsShape.time.meta({
        description:
          'Attribute of the type time that says when an item is new. Default: the only one, or one with a usual name (released, published, added, created).',
      }),
    }),
    trending: z.strictObject({
      ...itemList,
      window: itemListsShape.window.meta({
        description:
          'How far back feedback counts: `6h`, `7d`, or a number of seconds. At most, and by default, the `--trending-window` of the server.',
      }),
      halfLife: itemListsShape.halfLife.meta({
        description: 'Age at which feedback counts half, as `window`. Default: a seventh of the window.',
      }),
    }),
    similar: z.strictObject({
      ...common,
      visitor,
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
        visitor,
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
                  .refine((time) => time <= Date.now() / 1000 + AHEAD, { error: 'a time at most a day ahead' })
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
                list: text('an id', 500).optional().meta({ description: '`list` of the answer that showed the item.' }),
                position: whole(1, 1_000_000)
                  .optional()
                  .meta({ description: 'Place of the item in that list: 1 for the first.' }),
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
    feedbackPage: z.strictObject({
      after: whole(0)
        .optional()
        .meta({ description: 'Position in the log: `last` of the answer before. Default: the newest events.' }),
      limit: whole(1, limits.events).default(100).meta({ description: 'The most events.' }),
    }),
  };
}

/** Schemas of all requests, by endpoint. */
export type RequestSchemas = ReturnType<typeof requestSchemas>;
/** The options of a list, as parsed from a request. */
export type ParsedOptions = Omit<z.infer<RequestSchemas['options']>, 'place'>;
