/**
 * Measures the speed and memory of `taurec serve`: a synthetic model of 40,000 items × 10,000 users at d 64, the server in its own process, the load from autocannon in this one.
 *
 *     node bench/serve.mjs [--seconds 10] [--rounds 3] [--connections 16] [--k 20] [--threads N] [--json]
 *     node bench/serve.mjs --requests 200000        # resident memory after each tenth of the requests
 *     node bench/serve.mjs --neighbors 20           # the same model without and with a neighbour term of 20 entries an item, in turn
 *     node bench/serve.mjs --filter .5              # the same requests without and with a filter that lets this share of the items pass, in turn
 *     node bench/serve.mjs --cold-start             # time from spawning the process to the first answer
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { Catalogue } from '../dist/catalogue/catalogue.js';
import { columnOf } from '../dist/data/attribute-columns.js';
import { saveModel } from '../dist/index.js';
import { machine } from './speed/machine.mjs';
import { madeUpModel } from './speed/made-up-model.mjs';
import { processorSeconds } from './speed/processor.mjs';
import { tableLines } from './speed/report.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';
import { median } from './speed/timing.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
    k: { type: 'string', default: '20' },
    users: { type: 'string', default: '10000' },
    items: { type: 'string', default: '40000' },
    dimension: { type: 'string', default: '64' },
    threads: { type: 'string' },
    requests: { type: 'string' },
    neighbors: { type: 'string' },
    filter: { type: 'string' },
    'cold-start': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const users = Number(values.users);
const items = Number(values.items);
const connections = Number(values.connections);
const program = resolve(import.meta.dirname, '../dist/programs/taurec.js');

await inTemporaryFolder(async (/** @type {string} */ folder) => {
  const directory = join(folder, 'model');
  const sizes = { users, items, dimension: Number(values.dimension) };
  const model = madeUpModel(sizes);
  await saveModel(directory, values.filter ? withShares(model) : model);
  const withTerm = join(folder, 'with-term');
  if (values.neighbors) {
    await saveModel(withTerm, madeUpModel({ ...sizes, neighbors: Number(values.neighbors) }));
  }
  const rows = values.neighbors
    ? await inTurn({ without: directory, with: withTerm }, { without: '', with: '' })
    : values.filter
      ? await inTurn(
          { without: directory, with: directory },
          {
            without: '',
            with: `&where=${encodeURIComponent(JSON.stringify({ share: { lt: Number(values.filter) } }))}`,
          },
        )
      : values['cold-start']
        ? await coldStart(directory)
        : values.requests
          ? await memory(directory, Number(values.requests))
          : await speed(directory);
  const about = machine();
  if (values.json) console.log(JSON.stringify({ machine: about, options: values, rows }, null, 2));
  else {
    console.log(
      `taurec ${about.taurec} (${about.commit}) on ${about.cpu}, ${about.cores} cores, node ${about.node}, load ${about.load.toFixed(2)}`,
    );
    console.log(`${items} items × ${users} users, d ${values.dimension}, k ${values.k}, ${connections} connections\n`);
    for (const line of tableLines(rows)) console.log(line);
  }
});

/** Rounds of load after two seconds of warm-up. @param {string} directory */
async function speed(directory) {
  const server = await start(directory);
  await shoot(server.url, { duration: 2 });
  const rows = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const before = residentMiB(server.pid);
    const spent = processorSeconds(server.pid);
    const result = await shoot(server.url, { duration: Number(values.seconds) });
    const each = (1000 * (processorSeconds(server.pid) - spent)) / result.requests.total;
    rows.push({
      round,
      ...figures(result),
      'processor ms a request': each,
      'RSS before MiB': before,
      'RSS after MiB': residentMiB(server.pid),
    });
  }
  await server.stop();
  return rows;
}

/**
 * Rounds of load without and with what is measured, in turn, and their ratio.
 * @param {{ without: string, with: string }} directories
 * @param {{ without: string, with: string }} parameters more of the query
 */
async function inTurn(directories, parameters) {
  const servers = [
    { ...(await start(directories.without)), more: parameters.without },
    { ...(await start(directories.with)), more: parameters.with },
  ];
  for (const { url, more } of servers) await shoot(url, { duration: 2 }, more);
  const rows = [];
  const ratios = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const rates = [];
    for (const [s, { url, pid, more }] of servers.entries()) {
      const spent = processorSeconds(pid);
      const result = await shoot(url, { duration: Number(values.seconds) }, more);
      const each = (1000 * (processorSeconds(pid) - spent)) / result.requests.total;
      rates.push(result.requests.total / result.duration);
      rows.push({ round, measured: s ? 'with' : 'without', ...figures(result), 'processor ms a request': each });
    }
    ratios.push((rates[1] ?? 0) / (rates[0] ?? 1));
  }
  for (const server of servers) await server.stop();
  return [...rows, { round: 'with / without, median', 'requests/s': median(ratios) }];
}

/**
 * Resident memory over many requests, after each tenth of them.
 * @param {string} directory
 * @param {number} requests
 */
async function memory(directory, requests) {
  const server = await start(directory);
  const rows = [];
  for (let part = 0; part <= 10; part++) {
    const result = part > 0 ? await shoot(server.url, { amount: Math.ceil(requests / 10) }) : undefined;
    rows.push({ requests: (part * requests) / 10, 'RSS MiB': residentMiB(server.pid), ...(result && figures(result)) });
  }
  await server.stop();
  return rows;
}

/**
 * Time from spawning the process until the server listens, and until it has answered the first request.
 * @param {string} directory
 */
async function coldStart(directory) {
  /** @type {{ listening: number, answered: number }[]} */
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const began = performance.now();
    const server = await start(directory);
    const listening = performance.now() - began;
    const response = await fetch(`${server.url}/v1/users/7/recommendations?k=${values.k}`);
    if (response.status !== 200) throw new Error(`The first answer has status ${response.status}.`);
    await response.text();
    rounds.push({ listening, answered: performance.now() - began });
    await server.stop();
  }
  const column = (/** @type {'listening' | 'answered'} */ name) => rounds.map((round) => round[name]);
  return [
    { what: 'listening', 'ms median': median(column('listening')), 'ms best': Math.min(...column('listening')) },
    { what: 'first answer', 'ms median': median(column('answered')), 'ms best': Math.min(...column('answered')) },
  ];
}

/**
 * Starts the server as a process. It writes its log as usual, and the log is discarded.
 * @param {string} directory
 */
async function start(directory) {
  const threads = values.threads === undefined ? [] : ['--threads', values.threads];
  const args = [...process.execArgv, program, 'serve', directory, '--port', '0', '--json', ...threads];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The server ended with code ${code}.`))),
  ]);
  const { url, pid } = JSON.parse(line);
  return {
    url: String(url),
    pid: Number(pid),
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/**
 * @param {string} url
 * @param {{ duration?: number, amount?: number }} much
 * @param {string} [more] more of the query
 * @returns {Promise<import('autocannon').Result>}
 */
async function shoot(url, much, more = '') {
  // 997 different users; the stride 7,919 spreads them over the model
  const requests = Array.from({ length: 997 }, (_, at) => ({
    path: `/v1/users/${(at * 7919) % users}/recommendations?k=${values.k}${more}`,
  }));
  const result = await autocannon({ url, connections, requests, ...much });
  if (result.non2xx + result.errors + result.timeouts > 0) {
    throw new Error(`${result.non2xx} answers had an error status, ${result.errors} requests failed.`);
  }
  return result;
}

/**
 * The model with a catalogue whose attribute `share` is spread evenly over [0, 1): `share` < s lets the share s of the items pass.
 * @param {import('../dist/index.js').Model} model
 */
function withShares(model) {
  const values = Array.from({ length: items }, (_, item) => ((item * 7919) % items) / items);
  const attributes = new Map([['share', columnOf('number', values)]]);
  const table = { source: 'made up', ids: model.itemIds, attributes, leftOut: [] };
  return { ...model, catalogue: Catalogue.from(table, model.itemIds) };
}

/** @param {import('autocannon').Result} result */
function figures({ requests, latency, duration }) {
  return {
    'requests/s': Math.round(requests.total / duration),
    'p50 ms': latency.p50,
    'p99 ms': latency.p99,
    'max ms': latency.max,
  };
}

/** @param {number} pid */
function residentMiB(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
