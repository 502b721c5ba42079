import { availableParallelism } from 'node:os';
import { eventTable, weightsByKind } from '../data/event-kinds.ts';
import { TaurecError } from '../errors.ts';
import { Access, HostNames } from './access.ts';
import { createApp } from './app.ts';
import { closeServer, createHttpServer, listen } from './http-server.ts';
import { openLog } from './log.ts';
import { ModelHost, type ModelStatus, type ReloadReport } from './model-host.ts';
import { defaultLimits, requestSchemas } from './schemas.ts';
import { SeenFeedback } from './seen-feedback.ts';
import { type CheckedOptions, checkServeOptions, type ServeOptions } from './serve-options.ts';
import { Metrics } from './server-metrics.ts';

export { type Scope, type ScopedToken, signUserToken } from './access.ts';
export type { LogLevel } from './log.ts';
export type { ModelStatus, ReloadReport } from './model-host.ts';
export type { ServeOptions } from './serve-options.ts';

/** A running server, as `serve` returns it. */
export interface RunningServer {
  /** Base URL, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Address that the server listens on. */
  readonly host: string;
  /** Port that the server listens on; the chosen one if the option `port` is 0. */
  readonly port: number;
  /** The served model and its last reload. @throws TaurecError `scoring-ended` while a crashed scoring thread is being replaced */
  readonly model: ModelStatus;
  /** Opens the model directory again. Never throws: if the opening fails, the report holds the error and the current model stays. */
  reload(): Promise<ReloadReport>;
  /** Stops listening, waits for running requests (at most `shutdownTimeout` seconds), then ends the threads and closes the feedback log. */
  close(): Promise<void>;
}

/**
 * Serves a model directory over HTTP; docs/serving.md describes the API. HTTP runs on the calling thread, scoring in a separate thread. The promise resolves once the server
 * listens. The server then owns the feedback log: it closes the log on shutdown, and also when the start fails.
 * @throws TaurecError the errors of `Recommender.open`; `bad-option`, `unknown-name`, `cannot-listen`, `feedback-failed`
 */
export async function serve(modelDirectory: string, options: ServeOptions = {}): Promise<RunningServer> {
  const checked = await checkedOrClosed(options);
  const { host: address, deadline, queueLimit, feedback } = checked;
  const { log, flush } = openLog(checked.logLevel, checked.writeLog);
  // True during the shutdown: readiness then fails and every response closes its connection.
  let draining = false;
  let host: ModelHost | undefined;
  const kinds = eventTable({}, checked.visibleKinds);
  const seen = feedback && new SeenFeedback(feedback, kinds);
  // A scrape reads these values when it arrives, possibly before the model is open.
  const metrics = new Metrics({
    waiting: () => host?.waiting ?? 0,
    ready: () => !draining && (host?.ready ?? false),
    revision: () => host?.revision ?? 0,
    feedback: () => host?.feedbackSize ?? { users: 0, pairs: 0, dropped: 0 },
  });
  const { engine, index, trustIndex, threads = Math.max(1, Math.min(availableParallelism() - 1, 16)) } = checked;
  try {
    host = await ModelHost.open({
      task: {
        directory: modelDirectory,
        options: { threads, ...(engine && { engine }), ...(index && { index }), trustIndex },
        catalogue: checked.catalogue,
        filters: [...(checked.where ? [checked.where] : []), ...Object.values(checked.filters)],
        feedbackBytes: checked.feedbackMemory * 2 ** 20,
        trends: { window: checked.trendingWindow, eventWeights: weightsByKind(kinds) },
      },
      queueLimit,
      deadline,
      reloadInterval: checked.reloadInterval,
      log,
      feedback: seen,
      onBatch: (units, seconds) => metrics.batch(units, seconds),
      onReload: ({ outcome }) => metrics.reload(outcome),
    });
    const model = host;
    const access = new Access(checked);
    // DNS rebinding only threatens a server on loopback without a token: clients can reach other addresses directly, and a web page does not know the token.
    const hostNames = access.closed || !isLoopback(address) ? undefined : new HostNames(checked.allowedHosts);
    const schemas = requestSchemas({ ...defaultLimits, maxK: checked.maxK }, checked);
    const app = createApp({
      ...{ access, hostNames, metrics, log, schemas, seen, deadline },
      folder: modelDirectory,
      erase: eraser(modelDirectory, model, seen),
      host: model,
      bodyLimit: checked.bodyLimit,
      corsOrigins: checked.cors,
      draining: () => draining,
    });
    // More than the longest legitimate silence on a connection: receiving the request, answering it, and 20 s of slack.
    const stallTimeout = checked.requestTimeout + deadline + 20;
    const server = createHttpServer(app, { ...checked, stallTimeout });
    const port = await listen(server, address, checked.port);
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
    if (!access.closed && !isLoopback(address)) {
      log.warn({ host: address }, 'no token is set: anyone who can reach this address can send requests');
    }
    const { users, items } = model.status;
    log.info({ url, users, items, threads, feedback: feedback?.place }, 'listening');
    // Further calls of `close` return the promise of the first.
    let closing: Promise<void> | undefined;
    return {
      ...{ url, host: address, port },
      get model() {
        return model.status;
      },
      reload: () => model.reload('signal'),
      close() {
        closing ??= (async () => {
          draining = true;
          log.info('closing');
          await closeServer(server, checked.shutdownTimeout);
          seen?.stop();
          await model.close(true);
          await feedback?.close();
          log.info('closed');
          flush();
        })();
        return closing;
      },
    };
  } catch (error) {
    seen?.stop();
    await host?.close(true);
    await feedback?.close();
    flush();
    throw error;
  }
}

/** Validates the options. If they are invalid, closes the feedback log before throwing. */
async function checkedOrClosed(options: ServeOptions): Promise<CheckedOptions> {
  try {
    return checkServeOptions(options);
  } catch (error) {
    await options.feedback?.close();
    throw error;
  }
}

/**
 * Removes a user from the feedback log, the model folder and the served model, one user at a time.
 * @throws TaurecError `reload-failed` when the smaller model cannot be served, and the errors of `forgetUser`
 */
function eraser(directory: string, model: ModelHost, seen: SeenFeedback | undefined) {
  let turn: Promise<unknown> = Promise.resolve();
  const erase = async (user: string) => {
    const events = (await seen?.forget(user)) ?? 0;
    // Training code is loaded only for this.
    const { forgetUser } = await import('../training/update/forget-user.ts');
    const { known, interactions } = await forgetUser(directory, user);
    if (known) {
      const { error } = await model.reload('request');
      if (error) throw new TaurecError('reload-failed', { reason: error.message });
    }
    return { model: known, interactions, feedback: events };
  };
  return (user: string) => {
    const erased = turn.then(() => erase(user));
    turn = erased.catch(() => {});
    return erased;
  };
}

/** Whether only this machine can reach an address. */
function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\./.test(address);
}
