import { type Explanation, withEvents } from '../recommender/explanation.ts';
import type { Endpoint, RequestContext } from './endpoint.ts';
import { ListMaker, withVariant } from './list-maker.ts';
import { parsed, pathId, queryOptions, readJson } from './parse-request.ts';
import type { Reply } from './reply.ts';
import type { ParsedOptions, RequestSchemas } from './schemas.ts';
import type { ScoringJob } from './scoring-protocol.ts';
import type { SeenFeedback } from './seen-feedback.ts';
import type { Metrics } from './server-metrics.ts';
import type { Shadow } from './shadow.ts';
import type { Variant, Variants } from './variants.ts';

/** The parts that these endpoints use. */
export interface RecommendationParts {
  readonly variants: Variants;
  readonly metrics: Metrics;
  /** Makes the lists once more, for nobody. Absent: there is none. */
  readonly shadow?: Shadow;
  readonly schemas: RequestSchemas;
  /** Maximum size of a request body, in bytes. */
  readonly bodyLimit: number;
  /** The way of feedback into the log and the scoring threads. Absent: the server stores no feedback. */
  readonly seen?: SeenFeedback;
}

/** What a request for one list says about its showing. */
interface Shown {
  readonly place?: string;
  readonly visitor?: string;
}

/** A pair to score. */
interface Pair {
  readonly user: string;
  readonly item: string;
}

/** Endpoints that the scoring thread answers: lists, similar items, scores. The thread returns JSON text, which the endpoints pass on without parsing it. */
export function recommendationEndpoints(parts: RecommendationParts): readonly Endpoint[] {
  const { variants, schemas, bodyLimit, seen, metrics, shadow } = parts;
  const maker = new ListMaker(metrics, shadow);
  // The usual request has no query: its options are parsed and its key is built once.
  const noOptions = parsed(schemas.options, {});
  const noOptionsKey = JSON.stringify(noOptions);

  /** A list for nobody, or for a visitor who is no user of the model. */
  const oneList = async (context: RequestContext, job: ScoringJob, { visitor, place }: Shown): Promise<Reply> => {
    const [body] = await maker.lists(context, variants.of(visitor), job, place);
    return { body: body! };
  };
  // Jobs with equal keys are ranked in one batch, so users of different requests share a multiplication.
  const forUsers = (
    context: RequestContext,
    variant: Variant,
    users: readonly string[],
    options: ParsedOptions,
    place?: string,
  ) => {
    const key = options === noOptions ? noOptionsKey : JSON.stringify(options);
    return maker.lists(context, variant, { type: 'recommend', users, options, key }, place);
  };
  const scoresOf = async (context: RequestContext, pairs: readonly Pair[]): Promise<string> => {
    const job = (asked: readonly Pair[]): ScoringJob => ({
      type: 'score',
      users: asked.map(({ user }) => user),
      items: asked.map(({ item }) => item),
    });
    if (variants.answering.length === 1) return (await maker.submit(context, variants.first, job(pairs)))[0]!;
    const users = pairs.map(({ user }) => user);
    const scores = await variants.inOrder(users, async (variant, _, places) => {
      const [text] = await maker.submit(context, variant, job(places.map((at) => pairs[at]!)));
      return JSON.parse(text!).scores as number[];
    });
    return JSON.stringify({ scores });
  };
  const optionsOf = ({ req }: RequestContext): [options: ParsedOptions, place?: string] => {
    const { place, ...options } = parsed(schemas.options, queryOptions(req.queries()));
    return [options, place];
  };
  const body = (context: RequestContext) => readJson(context.env.incoming, bodyLimit);

  return [
    {
      method: 'GET',
      path: '/v1/users/:user/recommendations',
      user: ({ req }) => pathId(schemas.id, 'user', req.url, 2),
      async handle(context) {
        const { url } = context.req;
        const user = pathId(schemas.id, 'user', url, 2);
        const [options, place] = url.includes('?') ? optionsOf(context) : [noOptions];
        const [list] = await forUsers(context, variants.of(user), [user], options, place);
        return { body: list! };
      },
    },
    {
      method: 'GET',
      path: '/v1/users/:user/items/:item/explanation',
      user: ({ req }) => pathId(schemas.id, 'user', req.url, 2),
      async handle(context) {
        const { url } = context.req;
        const user = pathId(schemas.id, 'user', url, 2);
        const item = pathId(schemas.id, 'item', url, 4);
        const [options] = optionsOf(context);
        const variant = variants.of(user);
        const [text] = await maker.submit(context, variant, { type: 'explain', user, item, options });
        return { body: withVariant(await withSeenEvents(text!, user, item, seen), variant.name) };
      },
    },
    {
      method: 'POST',
      path: '/v1/recommendations',
      async handle(context) {
        const { users, place, ...options } = parsed(schemas.recommendations, await body(context));
        const texts = await variants.inOrder(users, (variant, theirs) =>
          forUsers(context, variant, theirs, options, place),
        );
        return { body: `{"recommendations":[${texts.join(',')}]}` };
      },
    },
    {
      method: 'POST',
      path: '/v1/recommendations/for-items',
      scopes: ['public'],
      async handle(context) {
        const { items, place, visitor, ...request } = parsed(schemas.forItems, await body(context));
        return oneList(context, { type: 'for-items', items, request }, { place, visitor });
      },
    },
    {
      method: 'GET',
      path: '/v1/items/:item/similar',
      scopes: ['public'],
      handle(context) {
        const item = pathId(schemas.id, 'item', context.req.url, 2);
        const { place, visitor, ...options } = parsed(schemas.similar, queryOptions(context.req.queries()));
        return oneList(context, { type: 'similar', item, ...options }, { place, visitor });
      },
    },
    {
      method: 'POST',
      path: '/v1/scores',
      async handle(context) {
        const { pairs } = parsed(schemas.scores, await body(context));
        return { body: await scoresOf(context, pairs) };
      },
    },
  ];
}

/** The JSON of an explanation; one of an item that feedback hides gets the events. */
export async function withSeenEvents(json: string, user: string, item: string, seen?: SeenFeedback): Promise<string> {
  const explanation: Explanation = JSON.parse(json);
  const byFeedback = explanation.absent?.some(({ cause }) => cause === 'feedback');
  return byFeedback ? JSON.stringify(withEvents(explanation, (await seen?.eventsOf(user, item)) ?? [])) : json;
}
