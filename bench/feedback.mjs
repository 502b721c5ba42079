/**
 * Measures how many impressions `taurec serve --feedback` takes: a synthetic model, the server in its own process with a log in SQLite, requests of several events from autocannon in this one, while another client asks for lists.
 *
 *     node bench/feedback.mjs [--seconds 10] [--rounds 3] [--connections 8] [--events 50] [--rate N] [--json]
 *
 * Every event is durable (fsync) before its answer, has an id of its own, and names a list and a position. `--rate` limits the requests a second; without it the rate is the most that is taken. At the end the log is counted.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import Database from 'libsql';
import { saveModel } from '../dist/index.js';
import { machine } from './speed/machine.mjs';
import { madeUpModel } from './speed/made-up-model.mjs';
import { processorSeconds } from './speed/processor.mjs';
import { tableLines } from './speed/report.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '8' },
    events: { type: 'string', default: '50' },
    rate: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const perRequest = Number(values.events);
const users = 5000;
const items = 5000;
const program = resolve(import.meta.dirname, '../dist/programs/taurec.js');

let sent = 0;
/** A request of new events. */
const body = () =>
  JSON.stringify({
    events: Array.from({ length: perRequest }, (_, at) => {
      const n = sent++;
      const list = `.v1.home.${String(Math.floor(n / 10)).padStart(12, '0')}`;
      return {
        user: `${n % users}`,
        item: `${(n * 7919) % items}`,
        kind: 'impression',
        list,
        position: (at % 10) + 1,
        id: `e${n}`,
      };
    }),
  });

await inTemporaryFolder(async (/** @type {string} */ folder) => {
  const directory = join(folder, 'model');
  const place = join(folder, 'feedback.db');
  await saveModel(directory, madeUpModel({ users, items, dimension: 64 }));
  const child = spawn(process.execPath, [program, 'serve', directory, '--port', '0', '--json', '--feedback', place], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url, pid } = JSON.parse(line);
  const rows = [];
  let taken = 0;
  for (let round = 0; round <= Number(values.rounds); round++) {
    const spent = processorSeconds(pid);
    const duration = round === 0 ? 2 : Number(values.seconds);
    const lists = autocannon({ url: `${url}/v1/users/7/recommendations`, connections: 1, overallRate: 50, duration });
    const result = await autocannon({
      url: `${url}/v1/feedback`,
      connections: Number(values.connections),
      duration,
      ...(values.rate && { overallRate: Number(values.rate) }),
      requests: [
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          setupRequest: (/** @type {object} */ request) => ({ ...request, body: body() }),
        },
      ],
    });
    const { latency } = await lists;
    if (result.non2xx + result.errors + result.timeouts > 0)
      throw new Error(`${result.non2xx} answers had an error status.`);
    taken += result.requests.total;
    // Two seconds of warm-up do not count.
    if (round === 0) continue;
    rows.push({
      round,
      'events/s': Math.round((perRequest * result.requests.total) / result.duration),
      'p50 ms': result.latency.p50,
      'p99 ms': result.latency.p99,
      'processor µs an event': (1e6 * (processorSeconds(pid) - spent)) / (perRequest * result.requests.total),
      'lists p50 ms': latency.p50,
      'lists p99 ms': latency.p99,
    });
  }
  child.kill('SIGTERM');
  await once(child, 'exit');
  const database = new Database(place);
  const [stored] = /** @type {[number]} */ (database.prepare('SELECT count(*) FROM feedback').raw(true).get());
  database.close();
  // A request may be stored whose answer came after the end of a round.
  if (stored < taken * perRequest)
    throw new Error(`${taken * perRequest} events were acknowledged, ${stored} are stored.`);
  const about = machine();
  if (values.json) console.log(JSON.stringify({ machine: about, options: values, rows }, null, 2));
  else {
    console.log(
      `taurec ${about.taurec} (${about.commit}) on ${about.cpu}, ${about.cores} cores, node ${about.node}, load ${about.load.toFixed(2)}`,
    );
    console.log(
      `${perRequest} events a request, ${values.connections} connections; ${stored.toLocaleString('en')} events stored\n`,
    );
    for (const text of tableLines(rows)) console.log(text);
  }
});
