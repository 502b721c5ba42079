/**
 * Measures what one client's dearest legal requests do to the requests of others: a model of MovieLens-100k's size (or larger), the server in its own process, the abuse in a thread of this one, and a victim.
 *
 *     node bench/serve-abuse.mjs [--seconds 6] [--items 1000] [--users 1000] [--dimension 64] [--case NAME] [--json]
 *
 * The victim asks for one list at a time (`GET`, 50 a second). The first two seconds of each case do not count. The event-loop delay is that of the HTTP thread, by perf_hooks' histogram.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { saveModel } from '../dist/index.js';
import { send } from './speed/attack.mjs';
import { machine } from './speed/machine.mjs';
import { madeUpModel } from './speed/made-up-model.mjs';
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
  'together, k 1000': { path: '/v1/items/7/similar?k=1000&by=together' },
  'explained, 20 × 1000': list({ users: people(20), k: 1000, explain: 1 }),
  'explained, 10 × 100 × 100': list({ users: people(10), k: 100, explain: 100 }),
  'explained, 1000 × 100': { path: '/v1/users/7/recommendations?k=1000&explain=100' },
  'explained fold-in of 1000': {
    path: '/v1/recommendations/for-items',
    body: { items: ids(1000), k: 1000, explain: 100, diversity: 0.5, includeSeen: true },
  },
  'explanation, k 1000': { path: '/v1/users/7/items/8/explanation?k=1000&diversity=0.5&explain=100' },
  'wrong ids, 10,000': list({ users: people(1000), exclude: new Array(10_000).fill(1.5) }),
};

await inTemporaryFolder(async (/** @type {string} */ folder) => {
  const directory = join(folder, 'model');
  await saveModel(
    directory,
    madeUpModel({ users, items, dimension: Number(values.dimension), seen: 70, neighbors: 20 }),
  );
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
  const agent = new Agent({ keepAlive: true });
  if (name.startsWith('guest')) {
    for (let from = 0; from < 100_000; from += 1000) {
      const events = Array.from({ length: 1000 }, (_, i) => ({ user: 'guest', item: `${(from + i) % items}` }));
      await send(agent, server.url, '/v1/feedback', JSON.stringify({ events }));
    }
  }
  agent.destroy();
  const seconds = Number(values.seconds) + warmUp / 1000;
  const end = performance.now() + 1000 * seconds;
  const attack = {
    url: server.url,
    path: abuse.path,
    body: abuse.body && JSON.stringify(abuse.body),
    connections,
    seconds,
  };
  const attacked = once(
    new Worker(new URL('./speed/attack.mjs', import.meta.url), { workerData: { attack } }),
    'message',
  );
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
  own.destroy();
  /** @type {Map<number, number>[]} */
  const [statuses] = await attacked;
  await server.stop();
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ q) => times[Math.min(times.length - 1, Math.floor(q * times.length))];
  return {
    abuse: name,
    connections,
    'p50 ms': at(0.5),
    'p99 ms': at(0.99),
    'loop p99.9 ms': delay,
    'answered/s': (statuses.get(200) ?? 0) / seconds,
    statuses: [...statuses].map(([status, count]) => `${count} × ${status}`).join(', '),
  };
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
