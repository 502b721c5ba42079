import { realpath } from 'node:fs/promises';
import { servedKinds, weightsByKind } from '../data/event-kinds.ts';
import { TaurecError } from '../errors.ts';
import { Access, HostNames, isLoopback } from './access.ts';
import { type AppParts, createApp } from './app.ts';
import type { Endpoint } from './endpoint.ts';
import { closeServer, createHttpServer, listen } from './http-server.ts';
import { openLog } from './log.ts';
import { ModelHost, type ModelStatus, type ReloadReport } from './model-host.ts';
import { defaultLimits, requestSchemas } from './schemas.ts';
import { SeenFeedback } from './seen-feedback.ts';
import { type CheckedOptions, checkServeOptions, type ServeOptions } from './serve-options.ts';
import { ServedAnalytics } from './served-analytics.ts';
import { Metrics } from './server-metrics.ts';
import { Shadow } from './shadow.ts';
import { unawaited } from './shadow-feedback.ts';
import { Turns } from './turns.ts';
import { type ServedModels, Variants } from './variants.ts';

/** A running server, as `serve` returns it. */
export interface RunningServer {
  /** Base URL, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Address that the server listens on. */
  readonly host: string;
  /** Port that the server listens on; the chosen one if the option `port` is 0. */
  readonly port: number;
  /** The served model and its last reload; of several, the first with a share of the people. @throws TaurecError `scoring-ended` while a crashed scoring thread is being replaced */
  readonly model: ModelStatus;
  /** The served models by name; '' is the name of a single one. @throws TaurecError as `model` */
  readonly models: Readonly<Record<string, ModelStatus>>;
  /** Opens the model directories again, one after another. Never throws: if an opening fails, the report holds the error and the current model stays. Of several reports it is the first with an error, otherwise the last. */
  reload(): Promise<ReloadReport>;
  /** Stops listening, waits for running requests (at most `shutdownTimeout` seconds), then ends the threads and closes the feedback log. */
  close(): Promise<void>;
}

/** Further endpoints of a server, over the parts of its own. */
export type MoreEndpoints = (parts: AppParts) => readonly Endpoint[];

/** Starts a server, as `serve` says. @param more endpoints besides those of the API document */
export async function startServer(
  models: ServedModels,
  options: ServeOptions = {},
  more?: MoreEndpoints,
): Promise<RunningServer> {
  const checked = await checkedOrClosed(options);
  const { host: address, deadline, queueLimit, feedback } = checked;
  const { log, flush } = openLog(checked.logLevel, checked.writeLog);
  // True during the shutdown: readiness then fails and every response closes its connection.
  let draining = false;
  let variants: Variants | undefined;
  const kinds = servedKinds(checked.events, checked.visibleKinds);
  const seen = feedback && new SeenFeedback(feedback, kinds);
  // A scrape reads these values when it arrives, possibly before the models are open.
  const sources = {
    ready: () => !draining && (variants?.ready ?? false),
    models: () => (variants?.all ?? []).map(({ name, host }) => [name, host] as const),
  };
  const metrics = new Metrics(sources, typeof models !== 'string', checked.shadow !== undefined);
  const { engine, index, trustIndex } = checked;
  try {
    const opened = await Variants.open(models, checked, (name, directory, threads) =>
      ModelHost.open({
        task: {
          directory,
          options: { threads, ...(engine && { engine }), ...(index && { index }), trustIndex },
          catalogue: checked.catalogue,
          filters: [...(checked.where ? [checked.where] : []), ...Object.values(checked.filters)],
          feedbackBytes: checked.feedbackMemory * 2 ** 20,
          trends: { window: checked.trendingWindow, eventWeights: weightsByKind(kinds) },
        },
        queueLimit,
        deadline,
        reloadInterval: checked.reloadInterval,
        log: name === '' ? log : log.child({ variant: name }),
        feedback: seen && name === checked.shadow ? unawaited(seen) : seen,
        onBatch: (units, seconds) => metrics.batch(name, units, seconds),
        onReload: ({ outcome }) => metrics.reload(name, outcome),
      }),
    );
    variants = opened;
    const analytics = feedback && new ServedAnalytics(feedback, kinds, opened);
    const access = new Access(checked);
    // DNS rebinding only threatens a server on loopback without a token: clients can reach other addresses directly, and a web page does not know the token.
    const hostNames = access.closed || !isLoopback(address) ? undefined : new HostNames(checked.allowedHosts);
    const schemas = requestSchemas({ ...defaultLimits, maxK: checked.maxK }, checked);
    const parts: AppParts = {
      ...{ access, hostNames, metrics, log, schemas, seen, deadline, analytics },
      variants: opened,
      shadow: opened.shadow && new Shadow(opened.shadow.host, checked.shadowShare, metrics),
      erase: eraser(opened, seen, analytics),
      bodyLimit: checked.bodyLimit,
      corsOrigins: checked.cors,
      draining: () => draining,
    };
    const app = createApp(parts, more?.(parts));
    // More than the longest legitimate silence on a connection: receiving the request, answering it, and 20 s of slack.
    const stallTimeout = checked.requestTimeout + deadline + 20;
    const server = createHttpServer(app, { ...checked, stallTimeout });
    const port = await listen(server, address, checked.port);
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
    if (!access.closed && !isLoopback(address)) {
      log.warn({ host: address }, 'no token is set: anyone who can reach this address can send requests');
    }
    const served = opened.all.map(({ name, share, host: { status } }) => ({
      ...(opened.named && { variant: name, share }),
      ...{ users: status.users, items: status.items },
    }));
    log.info({ url, ...(opened.named ? { models: served } : served[0]), feedback: feedback?.place }, 'listening');
    // Further calls of `close` return the promise of the first.
    let closing: Promise<void> | undefined;
    return {
      ...{ url, host: address, port },
      get model() {
        return opened.first.host.status;
      },
      get models() {
        return Object.fromEntries(opened.all.map(({ name, host }) => [name, host.status]));
      },
      reload: () => opened.reload('signal'),
      close() {
        closing ??= (async () => {
          draining = true;
          log.info('closing');
          await closeServer(server, checked.shutdownTimeout);
          seen?.stop();
          await opened.close();
          await analytics?.close();
          await feedback?.close();
          log.info('closed');
          flush();
        })();
        return closing;
      },
    };
  } catch (error) {
    seen?.stop();
    await variants?.close();
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
 * Removes a user from the feedback log, the model folders and the served models, one user at a time. Models may share a folder.
 * @throws TaurecError `reload-failed` when a smaller model cannot be served, and the errors of `forgetUser`
 */
function eraser(variants: Variants, seen: SeenFeedback | undefined, analytics: ServedAnalytics | undefined) {
  const turns = new Turns();
  const erase = async (user: string) => {
    const events = (await seen?.forget(user)) ?? 0;
    await analytics?.forget(user);
    // Training code is loaded only for this.
    const { forgetUser } = await import('../training/update/forget-user.ts');
    const erased = { model: false, interactions: 0, feedback: events };
    const folders = new Map<string, ModelHost[]>();
    for (const { folder, host } of variants.all) {
      // One folder may have two spellings.
      const path = await realpath(folder);
      folders.set(path, [...(folders.get(path) ?? []), host]);
    }
    for (const [folder, hosts] of folders) {
      const { known, interactions } = await forgetUser(folder, user);
      if (!known) continue;
      erased.model = true;
      erased.interactions += interactions;
      for (const host of hosts) {
        const { error } = await host.reload('request');
        if (error) throw new TaurecError('reload-failed', { reason: error.message });
      }
    }
    return erased;
  };
  return (user: string) => turns.take(() => erase(user));
}
