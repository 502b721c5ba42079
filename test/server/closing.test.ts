import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
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
