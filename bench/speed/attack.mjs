/** A client that sends one request over and over, from a number of connections: a thread of its own, so that reading its answers does not delay the client whose times are measured. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * Sends a request and resolves with the status of its answer; 0: none came.
 * @param {Agent} agent
 * @param {string} url
 * @param {string} path
 * @param {string} [body]
 * @returns {Promise<number>}
 */
export function send(agent, url, path, body) {
  return new Promise((done) => {
    const sent = request(`${url}${path}`, {
      agent,
      method: body === undefined ? 'GET' : 'POST',
      headers:
        body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    });
    sent.on('response', (response) => {
      response.resume().on('end', () => done(response.statusCode ?? 0));
    });
    sent.on('error', () => done(0));
    sent.end(body);
  });
}

if (parentPort && workerData?.attack) {
  const { url, path, body, connections, seconds } = workerData.attack;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const end = performance.now() + 1000 * seconds;
  /** @type {Map<number, number>} */
  const statuses = new Map();
  const clients = Array.from({ length: connections }, async () => {
    while (performance.now() < end) {
      const status = await send(agent, url, path, body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // A polite client would wait for Retry-After; this one waits a little, so that its own refusals are not the load.
      if (status !== 200) await sleep(50);
    }
  });
  await Promise.all(clients);
  agent.destroy();
  parentPort.postMessage(statuses);
}
