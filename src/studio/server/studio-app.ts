import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Logger } from 'pino';
import { TaurecError } from '../../errors.ts';
import { readBody, readJson } from '../../server/parse-request.ts';
import { hidesCause, problemStatus } from '../../server/reply.ts';
import { type Site, siteHeaders } from '../../server/site.ts';
import type { Session, Source } from '../session.ts';
import { argumentsIn, isCall, isLong, shownFailure } from '../wire.ts';
import { CallAnswers } from './call-answers.ts';
import { EventStreams, eventNumber } from './event-stream.ts';
import type { StudioAccess } from './studio-access.ts';

/** Most bytes of the arguments of a call: lists of values and texts that a person typed. */
const MOST_ARGUMENTS = 2 ** 20;
/** Most bytes of a token with what is around it. */
const MOST_TOKEN = 4096;
/** Most characters of the name of a file or a model in a query. */
const MOST_NAME = 200;

/** Everything that the routes use. */
export interface AppParts {
  readonly session: Session;
  readonly site: Site;
  readonly access: StudioAccess;
  readonly log: Logger;
  /** Most bytes of a file that a page sends. */
  readonly uploadLimit: number;
  /** Writes a file that a page sends into the folder, whole or not at all. */
  readonly upload: (name: string, body: IncomingMessage) => Promise<Source>;
}

type StudioContext = Context<{ Bindings: HttpBindings }>;
type Handler = (context: StudioContext) => Promise<Response>;

/** The HTTP application of `taurec studio`, and what ends its streams. */
export interface StudioApp {
  readonly app: Hono<{ Bindings: HttpBindings }>;
  /** Ends the streams of events and the long calls, so that the server can close. */
  end(): void;
  /** Ends the streams of a session that is lost: those who ask again learn so. */
  lose(): void;
}

/** Creates the HTTP application: the page, and the calls of the session for those who have the cookie. */
export function createStudioApp(parts: AppParts): StudioApp {
  const { session, site, access, log, uploadLimit, upload } = parts;
  const fault = (error: unknown) => log.error({ err: error }, 'request failed');
  const answers = new CallAnswers(session, fault);
  const events = new EventStreams(session);
  const app = new Hono<{ Bindings: HttpBindings }>();

  /** A handler with the headers and the failures that all share, for anyone or for those with the cookie. */
  const guarded =
    (handle: Handler, open = false): Handler =>
    async (context) => {
      const header = (name: string) => context.req.header(name);
      try {
        access.checkHost(header);
        access.checkOrigin(header);
        if (!open) access.checkCookie(header);
        return await handle(context);
      } catch (error) {
        if (hidesCause(error) && !(error instanceof TaurecError)) fault(error);
        return failed(error);
      }
    };

  app.post(
    '/api/session',
    guarded(async ({ env }) => {
      const body = (await readJson(env.incoming, MOST_TOKEN)) as { token?: unknown } | null;
      return answer({ result: 'joined' }, 200, { 'Set-Cookie': access.cookieFor(body?.token) });
    }, true),
  );
  app.post(
    '/api/calls/:call',
    guarded(async ({ req, env }) => {
      const call = req.param('call')!;
      if (!isCall(call)) throw new TaurecError('no-route', { path: req.path.slice(0, 300) });
      const body = await readJson(env.incoming, MOST_ARGUMENTS);
      if (!Array.isArray(body)) throw new TaurecError('bad-request', { problem: 'its body is no list of arguments' });
      const args = argumentsIn(body);
      if (!isLong(call)) return answer({ result: await answers.short(call, args) });
      return streamed(answers.long(call, args), 'application/x-ndjson');
    }),
  );
  app.get(
    '/api/events',
    guarded(async ({ req }) => {
      const after = eventNumber(req.header('last-event-id')) ?? eventNumber(req.query('after'));
      return streamed(events.open(after), 'text/event-stream');
    }),
  );
  app.post(
    '/api/files',
    guarded(async ({ req, env }) => answer({ result: await upload(nameIn(req.query('name')), sent(env.incoming)) })),
  );
  app.post(
    '/api/archives',
    guarded(async ({ req, env }) => {
      const name = nameIn(req.query('name'));
      const body = await readBody(sent(env.incoming), uploadLimit);
      return answer({ result: await session.open(new Blob([new Uint8Array(body)]), name) });
    }),
  );
  app.get(
    '/api/archives/:run',
    guarded(async ({ req }) => {
      const archive = await session.archive(req.param('run')!);
      return streamed(archive.stream(), 'application/zip', { 'Content-Length': String(archive.size) });
    }),
  );
  app.all('/api/*', guarded(unknownPath));
  app.get('*', async ({ req }) => {
    try {
      // Anyone may read the page itself, which holds nothing; a link on another page may lead here.
      access.checkHost((name) => req.header(name));
      const file = await site.file(req.path.slice(1));
      if (!file) throw new TaurecError('no-route', { path: req.path.slice(0, 300) });
      return new Response(file.body, {
        headers: { ...siteHeaders, 'Content-Type': file.type, 'Cache-Control': 'no-cache' },
      });
    } catch (error) {
      if (hidesCause(error)) fault(error);
      return failed(error);
    }
  });
  app.all('*', guarded(unknownPath));
  return {
    app,
    end: () => {
      events.close();
      answers.close();
    },
    lose: () => events.close(),
  };
}

const unknownPath: Handler = async ({ req }) => {
  if (!/^(GET|HEAD|POST)$/.test(req.method)) {
    throw new TaurecError('wrong-method', {
      path: req.path.slice(0, 300),
      got: req.method,
      expected: 'GET, HEAD or POST',
    });
  }
  throw new TaurecError('no-route', { path: req.path.slice(0, 300) });
};

/** A name in a query. @throws TaurecError `bad-request` */
function nameIn(name: string | undefined): string {
  if (name !== undefined && name.length > 0 && name.length <= MOST_NAME) return name;
  throw new TaurecError('bad-request', { problem: `its query names no file of 1 to ${MOST_NAME} characters` });
}

/** A body that is a file. @throws TaurecError `wrong-body-type` */
function sent(incoming: IncomingMessage): IncomingMessage {
  const { 'content-type': type = 'nothing' } = incoming.headers;
  // As with JSON, a page of another origin cannot send this type without asking first.
  if (type === 'application/octet-stream') return incoming;
  throw new TaurecError('wrong-body-type', { got: type, expected: 'Content-Type: application/octet-stream' });
}

const apiHeaders = { ...siteHeaders, 'Cache-Control': 'no-store' };

/** A line of JSON. */
function answer(value: object, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { ...apiHeaders, 'Content-Type': 'application/json', ...headers },
  });
}

function streamed(body: ReadableStream, type: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body, {
    headers: { ...apiHeaders, 'Content-Type': type, 'X-Accel-Buffering': 'no', ...headers },
  });
}

function failed(error: unknown): Response {
  // The rest of a body that is too large is unread, so its connection carries no other request.
  const status = problemStatus(error, 422);
  return answer({ failure: shownFailure(error) }, status, status === 413 ? { Connection: 'close' } : {});
}
