import { setTimeout as sleep } from 'node:timers/promises';
import { TaurecError } from '../errors.ts';
import type { FeedbackEvent } from '../feedback/feedback-log.ts';
import type { Access } from './access.ts';
import type { Endpoint } from './endpoint.ts';
import { parsed, pathId, queryOptions, readJson } from './parse-request.ts';
import type { RecommendationParts } from './recommendation-endpoints.ts';
import { jsonReply } from './reply.ts';
import type { Metrics } from './server-metrics.ts';
import { versionEndpoints } from './version-endpoints.ts';

/** Time limit of the feedback log for a readiness check, in seconds. */
const HEALTH_SECONDS = 2;

/** The parts that these endpoints use. */
export interface OperationParts extends RecommendationParts {
  readonly access: Access;
  readonly metrics: Metrics;
  /** Time limit for answering a request, in seconds. */
  readonly deadline: number;
  /** Removes a user from the model folders, the served models and the feedback. */
  readonly erase: (user: string) => Promise<object>;
  /** Whether the server is shutting down: it is then not ready. */
  readonly draining: () => boolean;
}

/** Endpoints for feedback and for operating the server: model, reload, health, readiness, metrics. */
export function operationEndpoints(parts: OperationParts): readonly Endpoint[] {
  const { variants, schemas, bodyLimit, seen, access, metrics, deadline, draining, erase } = parts;
  return [
    {
      method: 'POST',
      path: '/v1/feedback',
      scopes: ['public', 'write'],
      async handle({ env }, signedFor) {
        if (!seen) throw new TaurecError('feedback-off');
        const { events } = parsed(schemas.feedback, await readJson(env.incoming, bodyLimit));
        if (signedFor !== undefined && events.some(({ user }) => user !== signedFor)) {
          throw new TaurecError('no-scope', { got: ['public'], expected: ['public', 'write'], user: true });
        }
        // Whole seconds, as most logs have them. Events that are sent with a time keep it.
        const now = Math.floor(Date.now() / 1000);
        for (const event of events) event.time ??= now;
        const added = await within(
          deadline,
          seen.append(events as FeedbackEvent[]),
          () => new TaurecError('deadline', { seconds: deadline }),
        );
        metrics.feedback(events as FeedbackEvent[], added);
        return jsonReply({ received: events.length, new: added });
      },
    },
    {
      method: 'GET',
      path: '/v1/feedback',
      scopes: ['admin'],
      async handle({ req }) {
        if (!seen) throw new TaurecError('feedback-off');
        const { after, limit } = parsed(schemas.feedbackPage, queryOptions(req.queries()));
        const events = await seen.page(after, limit);
        return jsonReply({ events, last: events.at(-1)?.sequence ?? after ?? 0 });
      },
    },
    {
      method: 'DELETE',
      path: '/v1/users/:user',
      scopes: ['write'],
      async handle({ req }) {
        if (!access.closed) throw new TaurecError('erase-closed');
        const user = pathId(schemas.id, 'user', req.url, 2);
        return jsonReply(await erase(user));
      },
    },
    {
      method: 'GET',
      path: '/v1/model',
      access: 'page',
      handle({ req }) {
        const { name, host } = variants.byName(req.query('variant'), variants.first);
        const all = variants.all.map((variant) => ({
          name: variant.name,
          share: variant.share,
          ...(variant === variants.shadow && { shadow: true }),
        }));
        return jsonReply({ ...(variants.named && { variant: name, variants: all }), ...host.status });
      },
    },
    {
      method: 'POST',
      path: '/v1/reload',
      scopes: ['admin'],
      async handle({ req, env }) {
        if (!access.closed) throw new TaurecError('reload-closed');
        const { host } = variants.byName(req.query('variant'));
        // Opening a large model can take longer than the limit for a connection without traffic.
        env.incoming.socket.setTimeout(0);
        const report = await host.reload('request');
        if (report.error) throw new TaurecError('reload-failed', { reason: report.error.message });
        return jsonReply(report);
      },
    },
    ...versionEndpoints({ access, variants }),
    { method: 'GET', path: '/healthz', access: 'everybody', handle: () => jsonReply({ status: 'ok' }) },
    {
      method: 'GET',
      path: '/readyz',
      access: 'everybody',
      async handle() {
        if (draining()) throw new TaurecError('server-closing');
        if (!variants.ready) throw new TaurecError('scoring-ended', { reason: 'it is being replaced' });
        if (seen) await within(HEALTH_SECONDS, seen.check(), () => new TaurecError('feedback-failed'));
        return jsonReply({ status: 'ready' });
      },
    },
    { method: 'GET', path: '/metrics', access: 'page', scopes: ['admin'], handle: () => metrics.text() },
  ];
}

/** Resolves as `work` does, or throws `late()` after `seconds`. Late work continues; its result is ignored. */
async function within<T>(seconds: number, work: Promise<T>, late: () => TaurecError): Promise<T> {
  const stop = new AbortController();
  const timeout = sleep(seconds * 1000, undefined, { signal: stop.signal }).then(() => {
    throw late();
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    stop.abort();
    // The promise that lost the race may still reject: without handlers that would end the process.
    timeout.catch(() => {});
    work.catch(() => {});
  }
}
