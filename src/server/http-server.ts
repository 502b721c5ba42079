import { randomUUID } from 'node:crypto';
import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { TaurecError } from '../errors.ts';
import { PROBLEM_TYPE, problemReply } from './reply.ts';

/** How long a client may take, in milliseconds. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Longer than the 60 s after which common balancers drop an idle connection: who closes first must not be this side. */
const IDLE_MS = 65_000;
/** A client that does not read its answer is let go after this. */
const STALL_MS = 60_000;
/** How often connections are looked at. */
const LOOK_MS = 1000;

/** Most that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

interface HttpServerOptions {
  readonly maxConnections: number;
  /** Seconds a client may take for the head of a request, and for all of it. Default 10 and 30. */
  readonly headersTimeout?: number;
  readonly requestTimeout?: number;
  /** Seconds in which nothing moves on a connection with a request: then it is closed. Default 60. */
  readonly stallTimeout?: number;
}

/** A server for the app, not listening yet. What is no HTTP, or comes too slowly, is answered with a problem document too. */
export function createHttpServer(app: Hono<{ Bindings: HttpBindings }>, options: HttpServerOptions): Server {
  const listener = getRequestListener((request, env) => app.fetch(request, env as HttpBindings), {
    errorHandler: (error) => {
      const problem = `its head is not valid HTTP: ${error instanceof Error ? error.message : String(error)}`;
      const id = randomUUID();
      const { status, type, body, headers } = problemReply(new TaurecError('bad-request', { problem }), id);
      return new Response(body, { status, headers: { 'Content-Type': type!, 'X-Request-Id': id, ...headers } });
    },
  });
  const server = createServer(
    {
      headersTimeout: options.headersTimeout === undefined ? HEADERS_MS : options.headersTimeout * 1000,
      requestTimeout: options.requestTimeout === undefined ? REQUEST_MS : options.requestTimeout * 1000,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: LOOK_MS,
    },
    listener,
  );
  server.maxConnections = options.maxConnections;
  server.timeout = options.stallTimeout === undefined ? STALL_MS : Math.min(options.stallTimeout * 1000, LONGEST_MS);
  server.on('clientError', refuse);
  spareAnswers(server);
  return server;
}

/** Answers bytes that never became a request, and closes the connection. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex & { bytesWritten?: number }): void {
  // A connection that has had an answer may be in the middle of one: nothing more can be said.
  if (error.code === 'ECONNRESET' || !socket.writable || (socket.bytesWritten ?? 0) > 0)
    return void socket.destroy(error);
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const big = error.code === 'HPE_HEADER_OVERFLOW';
  const problem = late
    ? 'the connection was open for too long'
    : big
      ? 'its head is larger than 16 KiB'
      : 'it is not valid HTTP/1.1';
  const id = randomUUID();
  const reply = problemReply(new TaurecError(late ? 'body-timeout' : 'bad-request', { problem }), id);
  const status = big ? 431 : reply.status!;
  const body = big
    ? JSON.stringify({ ...JSON.parse(String(reply.body)), status, title: STATUS_CODES[status] })
    : String(reply.body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `X-Request-Id: ${id}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Resolves with the port once the server listens. Throws `cannot-listen`. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message;
      reject(new TaurecError('cannot-listen', { host, port, reason }, { cause }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

/** Stops taking connections, lets requests end, and closes what is left after `seconds`. Resolves when all connections are closed. */
export async function closeServer(server: Server, seconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection becomes idle when its last answer is out; the server closes only those that were idle when it was told to close.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), seconds * 1000);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}

interface Connection {
  /** Answers that are not out yet. */
  answers: number;
  /** Bytes that had been read when the last answer was out: beyond, another request has begun. */
  read: number;
}

/**
 * Makes `closeIdleConnections` of a server, and with it `close`, spare answers that are still on their way.
 * Node's own takes a connection for idle as soon as its answer was handed over, and cuts off what a slow reader has not taken yet.
 */
function spareAnswers(server: Server): void {
  const connections = new Map<Socket, Connection>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, { answers: 0, read: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  server.prependListener('request', ({ socket }, outgoing) => {
    const connection = connections.get(socket);
    if (!connection) return;
    connection.answers++;
    outgoing.once('close', () => {
      connection.answers--;
      connection.read = socket.bytesRead;
    });
  });
  server.closeIdleConnections = () => {
    for (const [socket, { answers, read }] of connections) {
      if (answers === 0 && socket.writableLength === 0 && socket.bytesRead === read) socket.destroy();
    }
  };
}
