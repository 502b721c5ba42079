import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { TrieRouter } from 'hono/router/trie-router';
import { TaurecError } from '../errors.ts';
import { type AnalyticsParts, analyticsEndpoints } from './analytics-endpoints.ts';
import { documentEndpoints } from './document-endpoints.ts';
import { type Endpoint, type FrameParts, framed } from './endpoint.ts';
import { itemEndpoints } from './item-endpoints.ts';
import { itemListEndpoints } from './item-list-endpoints.ts';
import { type OperationParts, operationEndpoints } from './operation-endpoints.ts';
import { type RecommendationParts, recommendationEndpoints } from './recommendation-endpoints.ts';

/** Everything that the endpoints use. */
export interface AppParts extends FrameParts, RecommendationParts, OperationParts, AnalyticsParts {
  /** Origins whose pages may call the API from a browser; `*`: all; empty: none. */
  readonly corsOrigins: readonly string[];
}

/** Creates the HTTP application: all routes, and `more` besides, CORS, and problem documents for unknown paths (404) and wrong methods (405). It does not listen. */
export function createApp(parts: AppParts, more: readonly Endpoint[] = []): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const { corsOrigins } = parts;
  if (corsOrigins.length > 0) {
    app.use(
      cors({
        origin: corsOrigins.includes('*') ? '*' : [...corsOrigins],
        allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
        exposeHeaders: ['Retry-After', 'X-Request-Id'],
        // Seconds for which browsers may cache a preflight response.
        maxAge: 600,
      }),
    );
  }
  const endpoints = [...endpointsOf(parts), ...more];
  // A second router, from paths to methods: it tells a wrong method (405 with `Allow`) from an unknown path (404).
  const methods = new TrieRouter<Endpoint['method']>();
  for (const endpoint of endpoints) {
    app.on(endpoint.method, endpoint.path, framed(parts, endpoint));
    methods.add('ALL', endpoint.path, endpoint.method);
  }
  app.notFound(
    framed(parts, {
      path: 'none',
      scopes: ['public'],
      handle: ({ req: { method, path } }) => {
        const allowed = methods.match('ALL', path)[0].map(([taken]) => taken);
        if (allowed.length === 0) throw new TaurecError('no-route', { path: path.slice(0, 300) });
        // The router answers HEAD with the handler of GET.
        const expected = allowed.flatMap((taken) => (taken === 'GET' ? ['GET', 'HEAD'] : taken)).join(', ');
        throw new TaurecError('wrong-method', { path: path.slice(0, 300), got: method, expected });
      },
    }),
  );
  return app;
}

/** All endpoints: the routes of the server. A test checks that the API document describes each of them. */
export function endpointsOf(parts: RecommendationParts & OperationParts & AnalyticsParts): readonly Endpoint[] {
  return [
    ...recommendationEndpoints(parts),
    ...itemListEndpoints(parts),
    ...itemEndpoints(parts),
    ...operationEndpoints(parts),
    ...analyticsEndpoints(parts),
    ...documentEndpoints(parts),
  ];
}
