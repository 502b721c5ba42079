import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import type { Access, HostNames } from './access.ts';
import { hidesCause, problemReply, type Reply } from './reply.ts';
import type { Metrics } from './server-metrics.ts';

export type RequestContext = Context<{ Bindings: HttpBindings }>;

export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** As the router has it: `/v1/users/:user/recommendations`. */
  readonly path: string;
  /** Access: `everybody`, or clients that send the token; a `page` also takes it as a browser sends it. Default: the token. */
  readonly access?: 'everybody' | 'page';
  handle(context: RequestContext): Reply | Promise<Reply>;
}

/** What the frame of every request uses. */
export interface FrameParts {
  readonly access: Access;
  /** Absent: the name by which a request asks does not matter. */
  readonly hostNames?: HostNames;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Whether the server is shutting down: then connections close with their answer. */
  readonly draining: () => boolean;
}

/** The frame around an endpoint: request id, name of the host, token, errors as problem documents, log line, metrics, common headers. */
export function framed({ access, hostNames, metrics, log, draining }: FrameParts, endpoint: Omit<Endpoint, 'method'>) {
  return async (context: RequestContext): Promise<Response> => {
    const started = performance.now();
    const { req } = context;
    const requestId = requestIdOf(req.header('x-request-id'));
    let reply: Reply;
    try {
      hostNames?.check(req.header('host'));
      if (endpoint.access !== 'everybody') access.check(req.header('authorization'), endpoint.access === 'page');
      reply = await endpoint.handle(context);
    } catch (error) {
      if (hidesCause(error)) log.error({ id: requestId, err: error }, 'request failed');
      reply = problemReply(error, requestId);
    }
    const { status = 200, type = 'application/json', body } = reply;
    const milliseconds = performance.now() - started;
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

/** The id that the request brings, where it is fit for a log and a header; otherwise a new one. */
function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.:+/=-]{1,128}$/.test(given) ? given : randomUUID();
}

/** The path of a URL, without host and query, cut to a length that a log can bear. */
function shortPath(url: string): string {
  const begin = url.indexOf('/', url.indexOf(':') + 3);
  const query = url.indexOf('?', begin);
  return url.slice(begin, Math.min(query < 0 ? url.length : query, begin + 300));
}
