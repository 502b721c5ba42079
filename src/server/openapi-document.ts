import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { version } from '../platform/version.ts';
import { itemSchemas } from './item-endpoints.ts';
import { type ResponseSchemas, responseSchemas } from './response-schemas.ts';
import type { RequestSchemas } from './schemas.ts';

type Route = Parameters<typeof createRoute>[0];

/** Builds the OpenAPI 3.1 document from the schemas that also validate requests. A test checks that it describes every endpoint except pages and their script, and that responses match it. */
export function openApiDocument(schemas: RequestSchemas): object {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'Required when the server was started with a token.',
  });
  for (const route of routes(schemas, responseSchemas)) app.openAPIRegistry.registerPath(createRoute(route));
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

/** All routes of the document, in the order in which RapiDoc shows them. */
function routes(requests: RequestSchemas, answers: ResponseSchemas): readonly Route[] {
  const { id, options, popular, latest, trending, similar } = requests;
  // Two alternatives, the token or nothing: the document cannot know whether the server has a token.
  const closed: Record<string, string[]>[] = [{ token: [] }, {}];
  const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });
  const body = (schema: z.ZodType) => ({ body: { ...json(schema), required: true } });
  const ok = (description: string, schema: z.ZodType) => ({ description, ...json(schema) });
  const problem = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: answers.problem } },
  });
  // Groups of error responses that several routes share.
  const busy = {
    503: problem('The queue is full, or the scoring thread is restarting. Retry after `Retry-After` seconds'),
    504: problem('Timed out'),
  };
  const foreign = {
    421: problem('The server has no token and does not accept the `Host` of the request'),
  };
  const denied = {
    401: problem('The token is missing, wrong or expired'),
    403: problem('The token does not have the scope of this operation'),
    ...foreign,
  };
  const slow = { 408: problem('The request body did not arrive in time') };
  const wrong = { 400: problem('A parameter or field is invalid; `errors` lists them'), ...denied };
  const wrongBody = { ...wrong, ...slow, 413: problem('The body is too large'), 415: problem('The body is not JSON') };
  const edits = {
    404: problem('The server keeps no feedback, and so no edits'),
    501: problem('The feedback log cannot keep edits of items'),
    503: problem('The feedback database cannot be written'),
  };
  const unknown = { 404: problem('An id is unknown to the model') };
  const text = (description: string, type: string) => ({ description, content: { [type]: { schema: z.string() } } });
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
      request: { params: z.object({ user: idOf('user') }), query: options },
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
      request: { params: z.object({ user: idOf('user'), item: idOf('item') }), query: options },
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
      request: { params: z.object({ item: idOf('item') }), query: similar },
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
      request: { query: popular },
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
      request: { query: latest },
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
      request: { query: trending },
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
    {
      method: 'get',
      path: '/v1/model',
      operationId: 'model',
      tags: ['Operation'],
      summary: 'The served model and its last reload',
      security: closed,
      responses: { 200: ok('The model', answers.model), ...denied, 503: busy[503] },
    },
    {
      method: 'post',
      path: '/v1/reload',
      operationId: 'reload',
      tags: ['Operation'],
      summary: 'Open the model directory again',
      description:
        'Responds once the new model is served. If it cannot be opened, the response gives the reason and the current model stays. Requires a token.',
      security: [{ token: [] }],
      responses: {
        200: ok('The new model is served', answers.reload),
        ...denied,
        ...slow,
        403: problem('The server has no token, or the token lacks the scope admin'),
        409: problem('The new model cannot be opened'),
      },
    },
    {
      method: 'get',
      path: '/v1/versions',
      operationId: 'versions',
      tags: ['Operation'],
      summary: 'The published versions of the model',
      description:
        'For a server of a folder of versions (`taurec publish`). Requires a token with the scope `admin`, where the server has tokens.',
      security: [{ token: [] }],
      responses: {
        200: ok('The versions, oldest first', answers.versions),
        ...denied,
        404: problem('The server serves a model folder without versions'),
      },
    },
    {
      method: 'post',
      path: '/v1/versions/{version}/publish',
      operationId: 'publishVersion',
      tags: ['Operation'],
      summary: 'Make a version current',
      description:
        'Responds once the version is served. If it cannot be opened, the version before stays current. Requires a token with the scope `admin`.',
      security: [{ token: [] }],
      request: { params: z.object({ version: z.string().meta({ example: 'v3' }) }) },
      responses: {
        200: ok('The version is served', answers.version),
        ...wrong,
        ...slow,
        403: problem('The server has no token, or the token lacks the scope admin'),
        404: problem('The server serves a model folder without versions'),
        409: problem('The version cannot be opened, or another program publishes now'),
      },
    },
    {
      method: 'post',
      path: '/v1/versions/rollback',
      operationId: 'rollback',
      tags: ['Operation'],
      summary: 'Go back to the version before',
      description:
        'Makes the version current that was current before, and responds once it is served. Requires a token with the scope `admin`.',
      security: [{ token: [] }],
      responses: {
        200: ok('The version before is served', answers.version),
        ...denied,
        ...slow,
        403: problem('The server has no token, or the token lacks the scope admin'),
        404: problem('The server serves a model folder without versions'),
        409: problem('There is no version before, it cannot be opened, or another program publishes now'),
      },
    },
    {
      method: 'get',
      path: '/healthz',
      operationId: 'health',
      tags: ['Operation'],
      summary: 'Liveness',
      responses: { 200: ok('The process is alive', answers.status), ...foreign },
    },
    {
      method: 'get',
      path: '/readyz',
      operationId: 'readiness',
      tags: ['Operation'],
      summary: 'Readiness',
      responses: { 200: ok('Ready for requests', answers.status), ...foreign, 503: problem('Not ready') },
    },
    {
      method: 'get',
      path: '/metrics',
      operationId: 'metrics',
      tags: ['Operation'],
      summary: 'Metrics for Prometheus',
      security: closed,
      responses: { 200: text('The metrics', 'text/plain'), ...denied },
    },
    {
      method: 'get',
      path: '/openapi.json',
      operationId: 'openApi',
      tags: ['Description'],
      summary: 'This document',
      security: closed,
      responses: { 200: ok('The document', z.looseObject({})), ...denied },
    },
  ];
}
