import { availableParallelism } from 'node:os';
import { Access, HostNames } from './access.ts';
import { createApp } from './app.ts';
import { closeServer, createHttpServer, listen } from './http-server.ts';
import { openLog } from './log.ts';
import { ModelHost, type ModelStatus, type ReloadReport } from './model-host.ts';
import { defaultLimits, requestSchemas } from './schemas.ts';
import { SeenFeedback } from './seen-feedback.ts';
import { type CheckedOptions, checkServeOptions, type ServeOptions } from './serve-options.ts';
import { Metrics } from './server-metrics.ts';

export type { LogLevel } from './log.ts';
export type { ModelStatus, ReloadReport } from './model-host.ts';
export type { ServeOptions } from './serve-options.ts';

/** A server that listens. */
export interface RunningServer {
  /** Where: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The model that is served, and what became of the last reload. */
  readonly model: ModelStatus;
  /** Opens the model directory again. Never throws: the report says what became of it, and where it failed the older model stays. */
  reload(): Promise<ReloadReport>;
  /** Stops listening, lets requests end (for at most `shutdownTimeout` seconds), ends the threads, closes the feedback log. */
  close(): Promise<void>;
}

/**
 * Serves a model directory over HTTP (docs/serving.md describes the interface): HTTP on the calling thread, scoring in a separate thread.
 * Throws what `Recommender.open` throws, `bad-option`, `cannot-listen`, `feedback-failed`. A feedback log that was given is closed then, too.
 */
export async function serve(modelDirectory: string, options: ServeOptions = {}): Promise<RunningServer> {
  const checked = await checkedOrClosed(options);
  const { host: address, deadline, queueLimit, feedback } = checked;
  const { log, flush } = openLog(checked.logLevel, checked.writeLog);
  let draining = false;
  let host: ModelHost | undefined;
  let seen: SeenFeedback | undefined;
  const metrics = new Metrics({
    waiting: () => host?.waiting ?? 0,
    ready: () => !draining && (host?.ready ?? false),
    revision: () => host?.revision ?? 0,
    feedback: () => seen?.size ?? { users: 0, pairs: 0 },
  });
  const { engine, index, threads = Math.max(1, Math.min(availableParallelism() - 1, 16)) } = checked;
  try {
    [host, seen] = await settleBoth(
      ModelHost.open({
        task: { directory: modelDirectory, options: { threads, ...(engine && { engine }), ...(index && { index }) } },
        queueLimit,
        deadline,
        reloadInterval: checked.reloadInterval,
        log,
        onBatch: (units, seconds) => metrics.batch(units, seconds),
        onReload: ({ outcome }) => metrics.reload(outcome),
      }),
      feedback && SeenFeedback.open(feedback),
    );
    const model = host;
    const access = new Access(checked.token);
    // Only a tokenless server on loopback is at risk: clients reach other addresses directly, and a web page does not have the token.
    const hostNames = access.closed || !isLoopback(address) ? undefined : new HostNames(checked.allowedHosts);
    const schemas = requestSchemas({ ...defaultLimits, maxK: checked.maxK });
    const app = createApp({
      ...{ access, hostNames, metrics, log, schemas, seen, deadline },
      host: model,
      bodyLimit: checked.bodyLimit,
      corsOrigins: checked.cors,
      draining: () => draining,
    });
    // Longer than a request may take to come, to be answered, and a little more.
    const stallTimeout = checked.requestTimeout + deadline + 20;
    const server = createHttpServer(app, { ...checked, stallTimeout });
    const port = await listen(server, address, checked.port);
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
    if (!access.closed && !isLoopback(address)) {
      log.warn({ host: address }, 'everybody who reaches this address may ask: there is no token');
    }
    const { users, items } = model.status;
    log.info({ url, users, items, threads, feedback: feedback?.place }, 'listening');
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
          await model.close(true);
          await feedback?.close();
          log.info('closed');
          flush();
        })();
        return closing;
      },
    };
  } catch (error) {
    await host?.close(true);
    await feedback?.close();
    flush();
    throw error;
  }
}

/** The options with their defaults; where they are wrong, the feedback log is closed before the error goes on. */
async function checkedOrClosed(options: ServeOptions): Promise<CheckedOptions> {
  try {
    return checkServeOptions(options);
  } catch (error) {
    await options.feedback?.close();
    throw error;
  }
}

/** Both results; when one fails, its error, after the other has ended too. */
async function settleBoth(
  opening: Promise<ModelHost>,
  reading: Promise<SeenFeedback> | undefined,
): Promise<[ModelHost, SeenFeedback | undefined]> {
  const [model, seen] = await Promise.allSettled([opening, reading]);
  if (model.status === 'rejected') throw model.reason;
  if (seen.status === 'fulfilled') return [model.value, seen.value];
  await model.value.close(true);
  throw seen.reason;
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\./.test(address);
}
