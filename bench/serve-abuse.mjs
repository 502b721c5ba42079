/**
 * Measures what one client's dearest legal requests do to the requests of others: a model of MovieLens-100k's size (or larger), the server in its own process, the abuse and a victim in this one.
 *
 *     node bench/serve-abuse.mjs [--seconds 6] [--items 1000] [--users 1000] [--dimension 64] [--case NAME] [--json]
 *
 * The victim asks for one list at a time (`GET`, 50 a second). The first two seconds of each case do not count. The event-loop delay is that of the HTTP thread, by perf_hooks' histogram.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomStream } from '../dist/array/random.js';
import { csrFromEntries, matrix } from '../dist/extend.js';
import { createModel, IdMap, saveModel } from '../dist/index.js';
import { machine } from './speed/machine.mjs';
import { tableLines } from './speed/report.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    items: { type: 'string', default: '1000' },
    users: { type: 'string', default: '1000' },
    dimension: { type: 'string', default: '64' },
    case: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const items = Number(values.items);
const users = Number(values.users);
const warmUp = 2000;

const ids = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => String(i % items));
const people = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => String(i % users));
const list = (/** @type {object} */ body) => ({ path: '/v1/recommendations', body });
/** @type {Record<string, { path: string, body?: object }>} */
const cases = {
  nothing: { path: '/healthz' },
  'known user': { path: '/v1/users/7/recommendations' },
  're-ranked, 100 × 1000': list({ users: people(100), k: 1000, diversity: 0.5 }),
  'guest of 100,000 events': { path: '/v1/users/guest/recommendations?fallback=popular' },
  'fold-in of 1000': { path: '/v1/recommendations/for-items', body: { items: ids(1000), unknown: 'skip', k: 10 } },
  'fold-in of 50': { path: '/v1/recommendations/for-items', body: { items: ids(50), k: 10 } },
  'lists, 1000 × 100': list({ users: people(1000), k: 100 }),
  'lists, 100 × 1000': list({ users: people(100), k: 1000 }),
  'excluding 10,000': list({ users: people(1000), k: 10, exclude: Array.from({ length: 10_000 }, (_, i) => `${i}`) }),
  'allowing 10,000': list({ users: people(1000), k: 10, allow: Array.from({ length: 10_000 }, (_, i) => `${i}`) }),
  'scores of 10,000': {
    path: '/v1/scores',
    body: { pairs: Array.from({ length: 10_000 }, (_, i) => ({ user: `${i % users}`, item: `${i % items}` })) },
  },
  'feedback of 1000': {
    path: '/v1/feedback',
    body: { events: Array.from({ length: 1000 }, (_, i) => ({ user: `someone ${i}`, item: `${i % items}` })) },
  },
  'similar, k 1000': { path: '/v1/items/7/similar?k=1000' },
};

await inTemporaryFolder(async (/** @type {string} */ folder) => {
  const directory = join(folder, 'model');
  await saveModel(directory, madeUp(Number(values.dimension)));
  const rows = [];
  for (const [name, abuse] of Object.entries(cases)) {
    if (values.case !== undefined && !name.includes(values.case)) continue;
    for (const connections of [1, 16]) rows.push(await measure(directory, folder, name, abuse, connections));
  }
  const about = machine();
  if (values.json) console.log(JSON.stringify({ machine: about, options: values, rows }, null, 2));
  else {
    console.log(`${about.cpu}, ${about.cores} cores, node ${about.node}, load ${about.load.toFixed(2)}`);
    console.log(`${items} items × ${users} users, d ${values.dimension}\n`);
    for (const line of tableLines(rows)) console.log(line);
  }
});

/**
 * @param {string} directory
 * @param {string} folder
 * @param {string} name
 * @param {{ path: string, body?: object }} abuse
 * @param {number} connections
 */
async function measure(directory, folder, name, abuse, connections) {
  const server = await start(directory, join(folder, `${Math.random().toString(36).slice(2)}.db`));
  const agent = new Agent({ keepAlive: true, maxSockets: connections + 1 });
  if (name.startsWith('guest')) {
    for (let from = 0; from < 100_000; from += 1000) {
      const events = Array.from({ length: 1000 }, (_, i) => ({ user: 'guest', item: `${(from + i) % items}` }));
      await send(agent, server.url, '/v1/feedback', JSON.stringify({ events }));
    }
  }
  const end = performance.now() + warmUp + 1000 * Number(values.seconds);
  const body = abuse.body && JSON.stringify(abuse.body);
  /** @type {Map<number, number>} */
  const statuses = new Map();
  let answered = 0;
  const attackers = Array.from({ length: connections }, async () => {
    while (performance.now() < end) {
      const status = await send(agent, server.url, abuse.path, body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 200) answered++;
      // A polite client would wait for Retry-After; this one waits a little, so that its own refusals are not the load.
      else await sleep(50);
    }
  });
  const own = new Agent({ keepAlive: true });
  await sleep(warmUp);
  server.reset();
  /** @type {number[]} */
  const times = [];
  while (performance.now() < end) {
    const began = performance.now();
    await send(own, server.url, `/v1/users/${(times.length * 7919) % users}/recommendations?k=10`);
    times.push(performance.now() - began);
    await sleep(Math.max(0, 20 - (performance.now() - began)));
  }
  const delay = await server.delay();
  await Promise.all(attackers);
  agent.destroy();
  own.destroy();
  await server.stop();
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ q) => times[Math.min(times.length - 1, Math.floor(q * times.length))];
  return {
    abuse: name,
    connections,
    'p50 ms': at(0.5),
    'p99 ms': at(0.99),
    'loop p99.9 ms': delay,
    'answered/s': answered / (Number(values.seconds) + warmUp / 1000),
    statuses: [...statuses].map(([status, count]) => `${count} × ${status}`).join(', '),
  };
}

/**
 * @param {Agent} agent
 * @param {string} url
 * @param {string} path
 * @param {string} [body]
 * @returns {Promise<number>}
 */
function send(agent, url, path, body) {
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

/**
 * Starts a server with a monitor of its event loop.
 * @param {string} directory
 * @param {string} feedback
 */
async function start(directory, feedback) {
  const program = `
    import { monitorEventLoopDelay } from 'node:perf_hooks';
    import { serve } from ${JSON.stringify(resolve(import.meta.dirname, '../dist/server/serve.js'))};
    import { openFeedback } from ${JSON.stringify(resolve(import.meta.dirname, '../dist/feedback/open-feedback.js'))};
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const feedback = await openFeedback(${JSON.stringify(feedback)});
    const server = await serve(${JSON.stringify(directory)}, { port: 0, logLevel: 'warn', feedback });
    delay.enable();
    console.log(server.url);
    process.on('SIGUSR2', () => delay.reset());
    process.on('SIGHUP', () => console.log(delay.percentile(99.9) / 1e6));
    process.on('SIGTERM', async () => { await server.close(); process.exit(0); });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [url] = await once(lines, 'line');
  return {
    url: String(url),
    reset: () => void child.kill('SIGUSR2'),
    async delay() {
      const line = once(lines, 'line');
      child.kill('SIGHUP');
      return Number((await line)[0]);
    },
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** @param {number} dimension */
function madeUp(dimension) {
  const random = randomStream(1, 'bench-serve');
  const table = (/** @type {number} */ rows) => {
    const m = matrix(rows, dimension);
    for (let i = 0; i < m.data.length; i++) m.data[i] = random.normal();
    return m;
  };
  const pairs = { users: /** @type {number[]} */ ([]), items: /** @type {number[]} */ ([]) };
  for (let user = 0; user < users; user++) {
    for (const item of new Set(Array.from({ length: 60 }, () => random.integer(items)))) {
      pairs.users.push(user);
      pairs.items.push(item);
    }
  }
  return createModel({
    config: {
      backbone: 'mf',
      score: 'cosine',
      loss: { name: 'sl', options: { tau: 0.1 } },
      training: {},
      seed: 1,
      data: { source: 'made up', sha256: '0' },
      engine: { name: 'none', build: 'none', threads: 1 },
      epochs: 0,
      steps: 0,
      metrics: {},
    },
    users: table(users),
    items: table(items),
    userIds: IdMap.fromIds(people(users)),
    itemIds: IdMap.fromIds(ids(items)),
    seen: csrFromEntries(users, items, pairs.users, pairs.items),
  });
}
