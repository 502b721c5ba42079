import { HostNames } from '../../server/access.ts';
import { closeServer, createHttpServer, listen } from '../../server/http-server.ts';
import { type LogLevel, openLog } from '../../server/log.ts';
import { Site } from '../../server/site.ts';
import { StudioAccess } from './studio-access.ts';
import { createStudioApp } from './studio-app.ts';
import { StudioFolder } from './studio-folder.ts';
import { checkStudioOptions, type StudioOptions } from './studio-options.ts';
import { type StudioWork, workbenchThread } from './workbench-thread.ts';

/** Most connections: some tabs, each with a stream. */
const MOST_CONNECTIONS = 128;
/** Seconds in which a request must arrive: a large file over a slow line takes that long. */
const REQUEST_SECONDS = 3600;
/** Seconds that answers get when the server closes. */
const CLOSING_SECONDS = 2;

/** Options that a program has besides those of the command. */
export interface StudioParts {
  /** Makes what does the work in a folder. Default: a workbench in a thread of its own. */
  readonly work?: (folder: string, options: { readonly threads?: number }, onLost: () => void) => StudioWork;
  /** The folder of the built page. Default: that of the package. */
  readonly site?: string;
  readonly logLevel?: LogLevel;
  readonly writeLog?: (line: string) => void;
}

/** A running studio. */
export interface RunningStudio {
  /** `http://127.0.0.1:8085/` */
  readonly url: string;
  /** The secret that opens it; it belongs into the fragment of the address: `url + '#token=' + token`. */
  readonly token: string;
  /** The folder, without links. */
  readonly folder: string;
  /** Ends the streams, stops the trainings and listens no more. */
  close(): Promise<void>;
}

/**
 * Opens the studio over a folder, for the person who has its token. Resolves once it listens.
 * @throws TaurecError `file-not-found`, `bad-option`, `no-studio-site`, `cannot-listen`
 */
export async function serveStudio(
  path: string,
  options: StudioOptions,
  parts: StudioParts = {},
): Promise<RunningStudio> {
  const { host, port, allowedHosts, uploadLimit, threads } = checkStudioOptions(options);
  const site = await Site.open('studio', parts.site);
  const folder = await StudioFolder.open(path);
  const { log, flush } = openLog(parts.logLevel ?? 'warn', parts.writeLog);
  let lost = () => {};
  const work = (parts.work ?? workbenchThread)(folder.path, { ...(threads !== undefined && { threads }) }, () =>
    lost(),
  );
  const { session } = work;
  const access = new StudioAccess(new HostNames(allowedHosts));
  const { app, end, lose } = createStudioApp({
    ...{ session, site, access, log, uploadLimit },
    upload: (name, body) => folder.add(name, body, uploadLimit),
  });
  // Calls say what happened and what helps; a stream that went on would look as if all were well.
  lost = () => {
    log.error('the workbench has ended');
    lose();
  };
  const server = createHttpServer(app, { maxConnections: MOST_CONNECTIONS, requestTimeout: REQUEST_SECONDS });
  try {
    access.port = await listen(server, host, port);
  } catch (error) {
    end();
    await work.end();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${access.port}/`,
    token: access.token,
    folder: folder.path,
    close() {
      closing ??= (async () => {
        const closed = closeServer(server, CLOSING_SECONDS);
        end();
        await work.end();
        await closed;
        flush();
      })();
      return closing;
    },
  };
}
