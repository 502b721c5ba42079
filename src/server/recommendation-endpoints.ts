import { type Explanation, withEvents } from '../recommender/explanation.ts';
import type { Endpoint, RequestContext } from './endpoint.ts';
import type { ModelHost } from './model-host.ts';
import { parsed, pathId, queryOptions, readJson } from './parse-request.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { ParsedOptions, RequestSchemas } from './schemas.ts';
import type { ScoringJob } from './scoring-protocol.ts';
import type { SeenFeedback } from './seen-feedback.ts';

/** The parts that these endpoints use. */
export interface RecommendationParts {
  readonly host: ModelHost;
  readonly schemas: RequestSchemas;
  /** Maximum size of a request body, in bytes. */
  readonly bodyLimit: number;
  /** The way of feedback into the log and the scoring threads. Absent: the server stores no feedback. */
  readonly seen?: SeenFeedback;
}

/** Endpoints that the scoring thread answers: lists, similar items, scores. The thread returns JSON text, which the endpoints pass on without parsing it. */
export function recommendationEndpoints({ host, schemas, bodyLimit, seen }: RecommendationParts): readonly Endpoint[] {
  // The usual request has no query: its options are parsed and its key is built once.
  const noOptions = parsed(schemas.options, {});
  const noOptionsKey = JSON.stringify(noOptions);

  const submit = (context: RequestContext, job: ScoringJob) => {
    const { outgoing } = context.env;
    // A request whose client has disconnected is dropped from the queue unscored.
    return host.scorer.submit(job, () => outgoing.destroyed);
  };
  const one = async (context: RequestContext, job: ScoringJob): Promise<Reply> => {
    const [body] = await submit(context, job);
    return { body: body! };
  };
  // Jobs with equal keys are ranked in one batch, so users of different requests share a multiplication.
  const forUsers = (context: RequestContext, users: readonly string[], options: ParsedOptions) =>
    submit(context, {
      type: 'recommend',
      users,
      options,
      key: options === noOptions ? noOptionsKey : JSON.stringify(options),
    });
  const body = (context: RequestContext) => readJson(context.env.incoming, bodyLimit);

  return [
    {
      method: 'GET',
      path: '/v1/users/:user/recommendations',
      user: ({ req }) => pathId(schemas.id, 'user', req.url, 2),
      async handle(context) {
        const { url } = context.req;
        const user = pathId(schemas.id, 'user', url, 2);
        const options = url.includes('?') ? parsed(schemas.options, queryOptions(context.req.queries())) : noOptions;
        const [list] = await forUsers(context, [user], options);
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
        const options = parsed(schemas.options, queryOptions(context.req.queries()));
        const [text] = await submit(context, { type: 'explain', user, item, options });
        const explanation: Explanation = JSON.parse(text!);
        const byFeedback = explanation.absent?.some(({ cause }) => cause === 'feedback');
        return byFeedback
          ? jsonReply(withEvents(explanation, (await seen?.eventsOf(user, item)) ?? []))
          : { body: text! };
      },
    },
    {
      method: 'POST',
      path: '/v1/recommendations',
      async handle(context) {
        const { users, ...options } = parsed(schemas.recommendations, await body(context));
        const lists = await forUsers(context, users, options);
        return { body: `{"recommendations":[${lists.join(',')}]}` };
      },
    },
    {
      method: 'POST',
      path: '/v1/recommendations/for-items',
      scopes: ['public'],
      async handle(context) {
        const { items, ...request } = parsed(schemas.forItems, await body(context));
        return one(context, { type: 'for-items', items, request });
      },
    },
    {
      method: 'GET',
      path: '/v1/items/:item/similar',
      scopes: ['public'],
      handle(context) {
        const item = pathId(schemas.id, 'item', context.req.url, 2);
        return one(context, { type: 'similar', item, ...parsed(schemas.similar, queryOptions(context.req.queries())) });
      },
    },
    {
      method: 'POST',
      path: '/v1/scores',
      async handle(context) {
        const { pairs } = parsed(schemas.scores, await body(context));
        return one(context, {
          type: 'score',
          users: pairs.map(({ user }) => user),
          items: pairs.map(({ item }) => item),
        });
      },
    },
  ];
}
