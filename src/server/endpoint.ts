import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import type { Access, HostNames, Scope } from './access.ts';
import { hidesCause, problemReply, type Reply } from './reply.ts';
import type { Metrics } from './server-metrics.ts';

/** A request in Hono, with Node's `incoming` and `outgoing` in `env`. */
export type RequestContext = Context<{ Bindings: HttpBindings }>;

/** A route and its handler. A handler returns a reply or throws; `framed` does everything that all endpoints share. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with parameters in Hono's syntax: `/v1/users/:user/recommendations`. */
  readonly path: string;
  /** Access: `everybody` needs no token; a `page` also accepts it as the password of Basic authentication, for browsers. Default: the bearer token. */
  readonly access?: 'everybody' | 'page';
  /** One of these scopes suffices. Default `read`. */
  readonly scopes?: readonly Scope[];
  /** The user whose data the request asks for: a token signed for that user suffices. */
  user?(context: RequestContext): string;
  /** `signedFor` is the user of a signed token. */
  handle(context: RequestContext, signedFor: string | undefined): Reply | Promise<Reply>;
}

/** The parts that `framed` needs. */
export interface FrameParts {
  readonly access: Access;
  /** Accepted names in the `Host` header. Absent: every name is accepted. */
  readonly hostNames?: HostNames;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Whether the server is shutting down. Every response then closes its connection. */
  readonly draining: () => boolean;
}

/** Wraps an endpoint with everything that all requests share: request id, host check, token check, problem documents for errors, metrics, log line, common headers. */
export function framed({ access, hostNames, metrics, log, draining }: FrameParts, endpoint: Omit<Endpoint, 'method'>) {
  return async (context: RequestContext): Promise<Response> => {
    const started = performance.now();
    const { req } = context;
    const requestId = requestIdOf(req.header('x-request-id'));
    let reply: Reply;
    try {
      // The host check comes first: even a public endpoint must not answer a rebound domain.
      hostNames?.check(req.header('host'));
      let signedFor: string | undefined;
      if (endpoint.access !== 'everybody' && access.closed) {
        signedFor = access.check(req.header('authorization'), {
          scopes: endpoint.scopes ?? ['read'],
          user: endpoint.user?.(context),
          page: endpoint.access === 'page',
        });
      }
      reply = await endpoint.handle(context, signedFor);
    } catch (error) {
      if (hidesCause(error)) log.error({ id: requestId, err: error }, 'request failed');
      reply = problemReply(error, requestId);
    }
    const { status = 200, type = 'application/json', body } = reply;
    const milliseconds = performance.now() - started;
    // The label is the route, not the path: paths contain ids, and each label set is a time series.
    metrics.request(endpoint.path, req.method, status, milliseconds / 1000);
    log.info({
      id: requestId,
      method: req.method,
      path: shortPath(req.url),
      status,
      ms: Math.round(milliseconds * 100) / 100,
    });
    return new Response(body, {
      status,
      headers: {
        'Content-Type': type,
        'X-Request-Id': requestId,
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
        ...(draining() && { Connection: 'close' }),
        ...reply.headers,
      },
    });
  };
}

/** The client's `X-Request-Id` if it is safe in a log line and a header (1 to 128 characters), otherwise a new UUID. */
function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.:+/=-]{1,128}$/.test(given) ? given : randomUUID();
}

/** The path of a URL for the log, without host and query, cut to 300 characters. */
function shortPath(url: string): string {
  // The first slash after `://`.
  const begin = url.indexOf('/', url.indexOf(':') + 3);
  const query = url.indexOf('?', begin);
  return url.slice(begin, Math.min(query < 0 ? url.length : query, begin + 300));
}
