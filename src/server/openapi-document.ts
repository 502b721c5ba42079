import { readFileSync } from 'node:fs';
import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { type RequestSchemas, type ResponseSchemas, responseSchemas } from './schemas.ts';

type Route = Parameters<typeof createRoute>[0];

/** The OpenAPI 3.1 document, from the schemas that requests are checked with. */
export function openApiDocument(schemas: RequestSchemas): object {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'Asked for when the server was started with a token.',
  });
  for (const route of routes(schemas, responseSchemas)) app.openAPIRegistry.registerPath(createRoute(route));
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'taurec',
      version,
      description:
        'Recommendations from a model that taurec trained. Every error is a problem document (RFC 9457) with a stable `code`; every answer carries `X-Request-Id`.',
      license: { name: 'MIT' },
    },
    tags: [
      { name: 'Recommendations', description: 'What to show to whom.' },
      { name: 'Feedback', description: 'What people did.' },
      { name: 'Operation', description: 'For those who run the server.' },
      { name: 'Description', description: 'This interface.' },
    ],
  });
}

function routes(requests: RequestSchemas, answers: ResponseSchemas): readonly Route[] {
  const { id, options, similar } = requests;
  const closed: Record<string, string[]>[] = [{ token: [] }, {}];
  const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });
  const body = (schema: z.ZodType) => ({ body: { ...json(schema), required: true } });
  const ok = (description: string, schema: z.ZodType) => ({ description, ...json(schema) });
  const problem = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: answers.problem } },
  });
  const busy = {
    503: problem('Too many requests wait, or a new thread is being started; `Retry-After` says when to try again'),
    504: problem('No answer in time'),
  };
  const foreign = {
    421: problem('The server has no token, and the `Host` of the request is not known as one of its names'),
  };
  const denied = { 401: problem('The token is missing or wrong'), ...foreign };
  const slow = { 408: problem('The request did not come in time') };
  const wrong = { 400: problem('A parameter or field is wrong; `errors` lists them'), ...denied };
  const wrongBody = { ...wrong, ...slow, 413: problem('The body is too large'), 415: problem('The body is not JSON') };
  const unknown = { 404: problem('The model does not know an id') };
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
        "The user's best items, best first, without those seen in training or by feedback. Lists repeat their name: `exclude=a&exclude=b`. Ids that are `.` or `..` cannot stand in a path: use POST.",
      security: closed,
      request: { params: z.object({ user: idOf('user') }), query: options },
      responses: { 200: ok('The list', answers.list), ...wrong, ...unknown, ...busy },
    },
    {
      method: 'post',
      path: '/v1/recommendations',
      operationId: 'recommendToUsers',
      tags: ['Recommendations'],
      summary: 'Recommend to many users',
      description:
        'A list for each user, in the order of the request. One unknown user fails the request unless there is a fallback.',
      security: closed,
      request: body(requests.recommendations),
      responses: { 200: ok('The lists', answers.lists), ...wrongBody, ...unknown, ...busy },
    },
    {
      method: 'post',
      path: '/v1/recommendations/for-items',
      operationId: 'recommendForItems',
      tags: ['Recommendations'],
      summary: 'Recommend to somebody given by items',
      description:
        "Folds a person in who was not in training, under the model's own loss; the items themselves are left out unless `includeSeen`.",
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
      summary: 'Items like an item',
      description: 'The nearest items by cosine, without the item itself.',
      security: closed,
      request: { params: z.object({ item: idOf('item') }), query: similar },
      responses: { 200: ok('The items', answers.similar), ...wrong, ...unknown, ...busy },
    },
    {
      method: 'post',
      path: '/v1/scores',
      operationId: 'score',
      tags: ['Recommendations'],
      summary: 'Score pairs of a user and an item',
      security: closed,
      request: body(requests.scores),
      responses: { 200: ok('A score for each pair, beside them', answers.scores), ...wrongBody, ...unknown, ...busy },
    },
    {
      method: 'post',
      path: '/v1/feedback',
      operationId: 'feedback',
      tags: ['Feedback'],
      summary: 'Keep what people did',
      description:
        'Keeps all events or none, and answers when they are durable; from then on their items count as seen. An event with an `id` that is there already is passed over.',
      security: closed,
      request: body(requests.feedback),
      responses: {
        200: ok('The events are kept', answers.feedback),
        ...wrongBody,
        404: problem('The server keeps no feedback'),
        503: problem('The log cannot be reached: send the events again'),
        504: busy[504],
      },
    },
    {
      method: 'get',
      path: '/v1/model',
      operationId: 'model',
      tags: ['Operation'],
      summary: 'The model that is served, and the last reload',
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
        'Answers when the newer model is served, or with why it does not open; the older one stays then. Needs a token.',
      security: [{ token: [] }],
      responses: {
        200: ok('The newer model is served', answers.reload),
        ...denied,
        ...slow,
        403: problem('The server has no token'),
        409: problem('The newer model does not open'),
      },
    },
    {
      method: 'get',
      path: '/healthz',
      operationId: 'health',
      tags: ['Operation'],
      summary: 'Whether the process lives',
      responses: { 200: ok('It does', answers.status), ...foreign },
    },
    {
      method: 'get',
      path: '/readyz',
      operationId: 'readiness',
      tags: ['Operation'],
      summary: 'Whether requests should be sent here',
      responses: { 200: ok('They should', answers.status), ...foreign, 503: problem('They should not') },
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
    ...(['/', '/docs'] as const).map(
      (path): Route => ({
        method: 'get',
        path,
        operationId: path === '/' ? 'landingPage' : 'docsPage',
        tags: ['Description'],
        summary: path === '/' ? 'A first page for people' : 'This document for people',
        security: closed,
        responses: { 200: text('The page', 'text/html'), ...denied },
      }),
    ),
    {
      method: 'get',
      path: '/docs/rapidoc-min.js',
      operationId: 'docsScript',
      tags: ['Description'],
      summary: 'The program of the page',
      security: closed,
      responses: { 200: text('The program', 'text/javascript'), ...denied },
    },
  ];
}
