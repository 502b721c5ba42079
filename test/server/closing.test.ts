import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { beforeAll, describe, expect, test } from 'vitest';
import { Access } from '../../src/server/access.ts';
import { closeServer, createHttpServer, listen } from '../../src/server/http-server.ts';
import { type OperationParts, operationEndpoints } from '../../src/server/operation-endpoints.ts';
import { model, start } from './harness.ts';

let directory: string;
beforeAll(async () => {
  const itemIds = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(450, '-'));
  directory = await model('long-ids', { itemIds, density: 0 });
});

/** A request whose answer has about 20 MB, more than the buffers of a connection hold. */
const body = JSON.stringify({ users: Array(400).fill('u1'), k: 100 });
const large = `POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('a large answer that is read slowly arrives whole while the server closes', async () => {
  const server = await start(directory, { shutdownTimeout: 60 });
  const socket = connect(server.port, server.host);
  socket.write(large);
  await once(socket, 'readable');
  const closing = server.close();
  await sleep(300);
  let head = '';
  let length = 0;
  for await (const chunk of socket) {
    if (length === 0) head = chunk.toString('latin1').split('\r\n\r\n', 1)[0];
    length += chunk.length;
    if (length % 16 === 0) await sleep(1);
  }
  const announced = Number(/content-length: (\d+)/i.exec(head)![1]);
  expect(announced).toBeGreaterThan(15_000_000);
  expect(length).toBe(head.length + 4 + announced);
  await closing;
});

test('connections without a request do not hold a closing server up', async () => {
  const server = await start(directory, { shutdownTimeout: 60 });
  const silent = connect(server.port, server.host);
  const idle = connect(server.port, server.host);
  await once(silent, 'connect');
  idle.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(idle, 'data');
  const started = performance.now();
  await server.close();
  expect(performance.now() - started).toBeLessThan(10_000);
  silent.destroy();
  idle.destroy();
});

describe('a connection on which nothing moves', () => {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/large', (context) => context.text('x'.repeat(30_000_000)));
  app.get('/small', (context) => context.text('x'));
  const access = new Access({ token: 'a-token-of-some-length' });
  const [reload] = operationEndpoints({
    access,
    variants: { byName: () => ({ host: { reload: () => sleep(1000, { outcome: 'opened' }) } }) },
  } as unknown as OperationParts).filter(({ path }) => path === '/v1/reload');
  app.post('/reload', async (context) => context.body((await reload!.handle(context, undefined)).body as string));
  const server = createHttpServer(app, { maxConnections: 10, stallTimeout: 0.2 });
  let port: number;
  beforeAll(async () => {
    port = await listen(server, '127.0.0.1', 0);
    return () => closeServer(server, 0);
  });

  test('is closed while its client does not take an answer', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    const connections = promisify(server.getConnections.bind(server));
    while ((await connections()) > 0) await sleep(50);
    socket.destroy();
  });

  test('stays between two requests, and while a model is opened', async () => {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    for (const request of ['GET /small', 'POST /reload', 'GET /small']) {
      socket.write(`${request} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const [answer] = await once(socket, 'data');
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      await sleep(600);
    }
    socket.destroy();
  });
});
