import { randomUUID } from 'node:crypto';
import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { TaurecError } from '../errors.ts';
import { PROBLEM_TYPE, problemReply } from './reply.ts';

/** Default time limits for receiving the headers and the whole request, in milliseconds. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Time until an idle connection is closed. Common load balancers close theirs after 60 s: if the server closed first, a request could meet the closing and fail. */
const IDLE_MS = 65_000;
/** Default time without traffic after which a connection with an open request is closed, such as one whose client does not read the response. */
const STALL_MS = 60_000;
/** Interval at which Node checks connections against the time limits. */
const LOOK_MS = 1000;

/** Longest delay of a Node timer: a signed 32-bit number of milliseconds, about 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1;

interface HttpServerOptions {
  readonly maxConnections: number;
  /** Seconds in which the headers of a request must arrive. Default 10. */
  readonly headersTimeout?: number;
  /** Seconds in which the whole request must arrive. Default 30. */
  readonly requestTimeout?: number;
  /** Seconds without traffic after which a connection is closed. Default 60. */
  readonly stallTimeout?: number;
}

/** Creates a server for the app; it does not listen yet. Invalid HTTP and requests that arrive too slowly also get a problem document. */
export function createHttpServer(app: Hono<{ Bindings: HttpBindings }>, options: HttpServerOptions): Server {
  const listener = getRequestListener((request, env) => app.fetch(request, env as HttpBindings), {
    // Called when the adapter cannot build a request, for example from an invalid Host header: the app never sees it.
    errorHandler: (error) => {
      const problem = `its headers are not valid HTTP: ${error instanceof Error ? error.message : String(error)}`;
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

/** Answers a connection on which Node could not read a request: 408 (too slow), 431 (headers too large) or 400. Then closes it. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex & { bytesWritten?: number }): void {
  // If bytes were already sent, a response may be only partly out, and another one would corrupt it.
  if (error.code === 'ECONNRESET' || !socket.writable || (socket.bytesWritten ?? 0) > 0)
    return void socket.destroy(error);
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const big = error.code === 'HPE_HEADER_OVERFLOW';
  const problem = late ? 'the connection timed out' : big ? 'its headers exceed 16 KiB' : 'it is not valid HTTP/1.1';
  const id = randomUUID();
  const reply = problemReply(new TaurecError(late ? 'body-timeout' : 'bad-request', { problem }), id);
  const status = big ? 431 : reply.status!;
  // No error code has the status 431: the document of `bad-request` gets it here.
  const body = big
    ? JSON.stringify({ ...JSON.parse(String(reply.body)), status, title: STATUS_CODES[status] })
    : String(reply.body);
  // There is no response object for such a connection, so the response is written by hand.
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
      const reason = cause.code === 'EADDRINUSE' ? 'another program is using this port' : cause.message;
      reject(new TaurecError('cannot-listen', { host, port, reason }, { cause }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

/** Stops accepting connections, waits for running requests, and closes the remaining connections after `seconds`. Resolves when all connections are closed. */
export async function closeServer(server: Server, seconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // `close` closes only the connections that are idle at the call. Others become idle when their response is out, so the check repeats.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), seconds * 1000);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}

/** State of an open connection. */
interface Connection {
  /** Responses that are not sent completely. */
  answers: number;
  /** Bytes received by the end of the last response. More bytes mean that the next request has begun. */
  read: number;
}

/**
 * Replaces `closeIdleConnections` of a server, which `close` also calls, so that responses are sent completely.
 * Node's version counts a connection as idle once the response is handed to the socket, and cuts off the bytes that a slow client has not read yet.
 */
function spareAnswers(server: Server): void {
  const connections = new Map<Socket, Connection>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, { answers: 0, read: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  // First in the list, so the count is up before the handler can answer.
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
