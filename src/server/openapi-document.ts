import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import * as z from 'zod';
import { version } from '../platform/version.ts';
import { itemSchemas } from './item-endpoints.ts';
import { operationRoutes } from './openapi-operations.ts';
import {
  body,
  busy,
  closed,
  edits,
  noLog,
  ok,
  problem,
  type Route,
  unknown,
  wrong,
  wrongBody,
} from './openapi-parts.ts';
import { responseSchemas as answers } from './response-schemas.ts';
import type { RequestSchemas } from './schemas.ts';

/** Builds the OpenAPI 3.1 document from the schemas that also validate requests. A test checks that it describes every endpoint except pages and their script, and that responses match it. */
export function openApiDocument(schemas: RequestSchemas): object {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'Required when the server was started with a token.',
  });
  for (const route of routes(schemas)) app.openAPIRegistry.registerPath(createRoute(route));
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'taurec',
      version,
      description:
        'Recommendations from a model trained with taurec. Every error is a problem document (RFC 9457) with a stable `code`; every response has the header `X-Request-Id`.',
      license: { name: 'MIT' },
    },
    tags: [
      { name: 'Recommendations', description: 'Ranked items for users.' },
      { name: 'Feedback', description: 'Record what users do.' },
      { name: 'Items', description: 'Titles and attributes, changed while the server runs.' },
      { name: 'Operation', description: 'Model, reload, health and metrics.' },
      { name: 'Description', description: 'The API document.' },
    ],
  });
}

/** The options of a list as they stand in a query, where filters and limits are JSON texts. */
function inQuery({ shape }: z.ZodObject): z.ZodObject {
  const text = (name: string, example: string) =>
    z
      .string()
      .optional()
      .meta({ description: z.globalRegistry.get(shape[name] as z.ZodType)?.description, example });
  return z.object({ ...shape, where: text('where', '{"available":true}'), atMost: text('atMost', '{"brand":2}') });
}

/** All routes of the document, in the order in which RapiDoc shows them. */
function routes(requests: RequestSchemas): readonly Route[] {
  const { id, options, popular, latest, trending, similar } = requests;
  const idOf = (what: string) => id.meta({ description: `Id of the ${what}, percent-encoded.` });
  return [
    {
      method: 'get',
      path: '/v1/users/{user}/recommendations',
      operationId: 'recommendToUser',
      tags: ['Recommendations'],
      summary: 'Recommend to a user',
      description:
        'Items with the highest scores for the user, best first. Omits items the user has already seen, in the training data or through feedback. Repeat a parameter to pass a list: `exclude=a&exclude=b`. For the ids `.` and `..` use POST: a path cannot contain them.',
      security: closed,
      request: { params: z.object({ user: idOf('user') }), query: inQuery(options) },
      responses: { 200: ok('The list', answers.list), ...wrong, ...unknown, ...busy },
    },
    {
      method: 'get',
      path: '/v1/users/{user}/items/{item}/explanation',
      operationId: 'explain',
      tags: ['Recommendations'],
      summary: 'Explain an item for a user',
      description:
        "Why the item is in the user's list, or why it is not: its rank among the items that the list may hold, the parts of its score, and the reasons of its absence. The options are those of the list; `explain` is the number of liked items in `because` (default 10).",
      security: closed,
      request: { params: z.object({ user: idOf('user'), item: idOf('item') }), query: inQuery(options) },
      responses: { 200: ok('The explanation', answers.explanation), ...wrong, ...unknown, ...busy },
    },
    {
      method: 'post',
      path: '/v1/recommendations',
      operationId: 'recommendToUsers',
      tags: ['Recommendations'],
      summary: 'Recommend to many users',
      description:
        'Returns one list for each user, in the order of the request. An unknown user fails the whole request unless `fallback` is set.',
      security: closed,
      request: body(requests.recommendations),
      responses: { 200: ok('The lists', answers.lists), ...wrongBody, ...unknown, ...busy },
    },
    {
      method: 'post',
      path: '/v1/recommendations/for-items',
      operationId: 'recommendForItems',
      tags: ['Recommendations'],
      summary: 'Recommend to a new user, given items they like',
      description:
        'Folds in a user who was not in the training data, with the loss of the model. The list omits the given items unless `includeSeen` is true.',
      security: closed,
      request: body(requests.forItems),
      responses: {
        200: ok('The list', answers.items),
        ...wrongBody,
        ...unknown,
        422: problem('The model was trained with a loss that is not built in'),
        ...busy,
      },
    },
    {
      method: 'get',
      path: '/v1/items/{item}/similar',
      operationId: 'similarItems',
      tags: ['Recommendations'],
      summary: 'Similar items',
      description:
        'Items most like this item, without the item itself: by the cosine of their embeddings, or, with `by=together`, those that the same users have.',
      security: closed,
      request: { params: z.object({ item: idOf('item') }), query: inQuery(similar) },
      responses: {
        200: ok('The items', answers.similar),
        ...wrong,
        ...unknown,
        422: problem('With `by=together`: the model has no neighbour term'),
        ...busy,
      },
    },
    {
      method: 'get',
      path: '/v1/popular',
      operationId: 'popularItems',
      tags: ['Recommendations'],
      summary: 'Popular items',
      description: 'Items of the most users, best first. The score is their number of users.',
      security: closed,
      request: { query: inQuery(popular) },
      responses: { 200: ok('The items', answers.items), ...wrong, ...busy },
    },
    {
      method: 'get',
      path: '/v1/latest',
      operationId: 'latestItems',
      tags: ['Recommendations'],
      summary: 'Latest items',
      description:
        'The newest items by a time attribute of the catalogue. Items without a time, or with one to come, are left out. The score is the time in seconds since 1970.',
      security: closed,
      request: { query: inQuery(latest) },
      responses: { 200: ok('The items', answers.items), ...wrong, ...busy },
    },
    {
      method: 'get',
      path: '/v1/trending',
      operationId: 'trendingItems',
      tags: ['Recommendations'],
      summary: 'Trending items',
      description:
        'Items that people act on now. The score is the sum of 2^(−age / half-life) over the feedback of the window; each person counts once for an item and kind, impressions do not count. At most two seconds old.',
      security: closed,
      request: { query: inQuery(trending) },
      responses: {
        200: ok('The items', answers.items),
        ...wrong,
        404: problem('The server was started without a feedback log'),
        ...busy,
      },
    },
    {
      method: 'post',
      path: '/v1/scores',
      operationId: 'score',
      tags: ['Recommendations'],
      summary: 'Score pairs of a user and an item',
      security: closed,
      request: body(requests.scores),
      responses: {
        200: ok('A score for each pair, in the same order', answers.scores),
        ...wrongBody,
        ...unknown,
        ...busy,
      },
    },
    {
      method: 'post',
      path: '/v1/feedback',
      operationId: 'feedback',
      tags: ['Feedback'],
      summary: 'Record feedback',
      description:
        'Stores all events or none, and responds once they are durable; their items then count as seen. Events whose `id` is already stored are skipped.',
      security: closed,
      request: body(requests.feedback),
      responses: {
        200: ok('The events are stored', answers.feedback),
        ...wrongBody,
        404: problem('The server was started without a feedback log'),
        503: problem('The feedback log is unavailable. Send the events again'),
        504: busy[504],
      },
    },
    {
      method: 'get',
      path: '/v1/feedback',
      operationId: 'feedbackPage',
      tags: ['Feedback'],
      summary: 'Read feedback as it comes',
      description:
        'Events in the order in which they were stored: those after position `after` of the log, or the newest. Requires a token with the scope `admin`, where the server has tokens.',
      security: closed,
      request: { query: requests.feedbackPage },
      responses: { 200: ok('The events, oldest first', answers.feedbackPage), ...wrong, ...noLog },
    },
    ...(['put', 'patch', 'delete'] as const).map((method) => ({
      method,
      path: '/v1/items/{item}',
      operationId: `${method}Item`,
      tags: ['Items'],
      summary: { put: 'Replace an item', patch: 'Change an item', delete: 'Take an item out of all lists' }[method],
      description: {
        put: 'Replaces title and attributes of an item, and brings back a deleted one. Stored in the feedback database, in effect on this server with the answer and on others of the same database within ten seconds; it holds for every later model and catalogue.',
        patch: 'Changes the attributes that are given, and brings back a deleted item. Stored as with PUT.',
        delete: 'No list has the item, until it is put or patched again. Stored as with PUT.',
      }[method],
      security: closed,
      request: {
        params: z.object({ item: idOf('item') }),
        ...(method !== 'delete' && body(itemSchemas.values)),
      },
      responses: { 200: ok('The edit is stored', itemSchemas.edited), ...wrongBody, ...edits },
    })),
    {
      method: 'post',
      path: '/v1/items',
      operationId: 'editItems',
      tags: ['Items'],
      summary: 'Edit many items',
      description: 'Stores all edits or none, in order: `put`, `patch` or `delete` of up to 1000 items.',
      security: closed,
      request: body(itemSchemas.edits),
      responses: { 200: ok('The edits are stored', itemSchemas.edited), ...wrongBody, ...edits },
    },
    {
      method: 'delete',
      path: '/v1/users/{user}',
      operationId: 'forgetUser',
      tags: ['Operation'],
      summary: 'Erase a user',
      description:
        'Removes the user from the model directory (embedding, seen items, training state, checkpoints), from the served model and from the feedback log, and responds once this is done. The embeddings of items, which are aggregates of all users, stay. Requires a token with the scope `write`.',
      security: [{ token: [] }],
      request: { params: z.object({ user: idOf('user') }) },
      responses: {
        200: ok('The user is erased', answers.erased),
        ...wrong,
        403: problem('The server has no token, or the token lacks the scope write'),
        409: problem('The model without the user cannot be opened'),
        501: problem('The feedback log cannot remove events'),
        503: busy[503],
      },
    },
    ...operationRoutes,
  ];
}
