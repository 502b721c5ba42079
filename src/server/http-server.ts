import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
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
    // A client of HTTP/1.0 need not name a host.
    hostname: 'localhost',
    // Called when the adapter cannot build a request, for example from an invalid Host header: the app never sees it.
    errorHandler: (error) => {
      const { status, headers, body } = malformed(error instanceof Error ? error.message : String(error));
      return new Response(body, { status, headers });
    },
  });
  const server = createServer(
    {
      headersTimeout: options.headersTimeout === undefined ? HEADERS_MS : options.headersTimeout * 1000,
      requestTimeout: options.requestTimeout === undefined ? REQUEST_MS : options.requestTimeout * 1000,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: LOOK_MS,
      // Node would refuse such a request with an empty body; it is refused below.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      if (incoming.httpVersion === '1.0' || incoming.headers.host !== undefined) return listener(incoming, outgoing);
      const { status, headers, body } = malformed('the header Host is missing');
      outgoing.writeHead(status, { ...headers, Connection: 'close' }).end(body);
    },
  );
  server.maxConnections = options.maxConnections;
  server.timeout = options.stallTimeout === undefined ? STALL_MS : Math.min(options.stallTimeout * 1000, LONGEST_MS);
  // Node's own answer to an unknown expectation has no body; such a request is served as if it had none.
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing));
  const answered = spareAnswers(server);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // A valid request before the error keeps its answer.
    answered(socket, () => refuse(error, socket));
  });
  server.on('connect', (_, socket: Duplex) => {
    writeProblem(
      socket,
      problemOf(new TaurecError('wrong-method', { path: '/', got: 'CONNECT', expected: 'GET, HEAD' })),
    );
  });
  return server;
}

/** A problem document with its headers. */
interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function problemOf(error: TaurecError): Problem {
  const id = randomUUID();
  const { status, body, headers } = problemReply(error, id);
  return {
    status: status!,
    headers: { 'Content-Type': PROBLEM_TYPE, 'X-Request-Id': id, ...headers },
    body: String(body),
  };
}

function malformed(reason: string): Problem {
  return problemOf(new TaurecError('bad-request', { problem: `its headers are not valid HTTP: ${reason}` }));
}

/** Answers a connection on which Node could not read a request, and closes it. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Of a response to the incomplete request a part may be sent: another one would corrupt it.
  const partial = (socket as { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent;
  if (error.code === 'ECONNRESET' || !socket.writable || partial) socket.destroy(error);
  else writeProblem(socket, unreadable(error.code));
}

/** 408 (too slow), 431 (headers too large) or 400. */
function unreadable(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return problemOf(new TaurecError('body-timeout', { problem: 'the connection timed out' }));
  }
  if (code !== 'HPE_HEADER_OVERFLOW') {
    return problemOf(new TaurecError('bad-request', { problem: 'it is not valid HTTP/1.1' }));
  }
  const problem = 'its headers exceed 16 KiB; send long lists of ids in the body of POST /v1/recommendations';
  const { headers, body } = problemOf(new TaurecError('bad-request', { problem }));
  // No error code has the status 431: the document of `bad-request` gets it here.
  const document = JSON.stringify({ ...JSON.parse(body), status: 431, title: STATUS_CODES[431] });
  return { status: 431, headers, body: document };
}

/** Writes a response by hand, because there is no response object for such a connection, and closes it. */
function writeProblem(socket: Duplex, { status, headers, body }: Problem): void {
  const all = { ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
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
  /** Requests whose responses are not sent completely. */
  readonly open: Set<IncomingMessage>;
  /** Bytes received by the end of the last response. More bytes mean that the next request has begun. */
  read: number;
  /** Called when the responses to all complete requests are sent. */
  answered?: () => void;
}

/**
 * Replaces `closeIdleConnections` of a server, which `close` also calls, so that responses are sent completely.
 * Node's version counts a connection as idle once the response is handed to the socket, and cuts off the bytes that a slow client has not read yet.
 * Returns a function that calls another when the responses to all complete requests of a connection are sent.
 */
function spareAnswers(server: Server): (socket: Socket, then: () => void) => void {
  const connections = new Map<Socket, Connection>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, { open: new Set(), read: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  // First in the list, so the count is up before the handler can answer.
  server.prependListener('request', (incoming, outgoing) => {
    const { socket } = incoming;
    const connection = connections.get(socket);
    if (!connection) return;
    connection.open.add(incoming);
    outgoing.once('close', () => {
      connection.open.delete(incoming);
      connection.read = socket.bytesRead;
      if (!isAnswering(connection)) connection.answered?.();
    });
  });
  server.closeIdleConnections = () => {
    for (const [socket, { open, read }] of connections) {
      if (open.size === 0 && socket.writableLength === 0 && socket.bytesRead === read) socket.destroy();
    }
  };
  return (socket, then) => {
    const connection = connections.get(socket);
    if (!connection || !isAnswering(connection)) return then();
    connection.answered = then;
  };
}

/** Whether a complete request waits for its response. An incomplete one never gets any: its own bytes are the error. */
function isAnswering({ open }: Connection): boolean {
  return [...open].some(({ complete }) => complete);
}
