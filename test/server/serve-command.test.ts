import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { readInteractions } from '../../src/data/read.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { begin, fails, file, folder, start } from '../cli/taurec.ts';
import { randomModel } from '../support/random-model.ts';

const directory = join(folder, 'model');
beforeAll(() => saveModel(directory, randomModel({ users: 30, items: 60, dimension: 8 })));

/** Starts the command on a free port; resolves when it listens. */
async function serving(...flags: string[]) {
  const { child, done } = start(['serve', 'model', '--port', '0', '--threads', '1', '--json', ...flags]);
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    done.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ]);
  return { child, done, ...(JSON.parse(line) as { url: string; pid: number }) };
}

/** The same within this process, for what needs no signal. */
function servingHere(...flags: string[]) {
  return listening(['model'], ...flags);
}

/** The same of these models. */
async function listening(models: readonly string[], ...flags: string[]) {
  const { done, stdout, stop } = begin(['serve', ...models, '--port', '0', '--threads', '1', '--json', ...flags]);
  const isOver = done.then(({ stderr }) => {
    if (!stdout().includes('\n')) throw new Error(stderr);
  });
  while (!stdout().includes('\n')) await Promise.race([isOver, sleep(5)]);
  return {
    done,
    stop,
    ...(JSON.parse(stdout()) as { url: string; pid: number; models?: Record<string, { users: number }> }),
  };
}

/** A POST over a connection of the agent; resolves when it is sent, with a promise of its status. */
function post(url: string, agent: Agent, body: unknown): Promise<{ readonly status: Promise<number> }> {
  return new Promise((sent) => {
    const outgoing = request(`${url}/v1/recommendations`, {
      method: 'POST',
      agent,
      headers: { 'Content-Type': 'application/json' },
    });
    const status = new Promise<number>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        response
          .on('error', reject)
          .on('end', () => resolve(response.statusCode!))
          .resume();
      });
    });
    outgoing.end(JSON.stringify(body), () => sent({ status }));
  });
}

test('prints where it listens, logs requests as JSON lines, and ends with 0 on Ctrl-C', async () => {
  const { child, done, url, pid } = await serving();
  expect(pid).toBe(child.pid);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const logged = new Promise<void>((resolve) => {
    child.stderr!.on('data', (text: Buffer | string) => `${text}`.includes('"mine"') && resolve());
  });
  await fetch(`${url}/v1/users/u1/recommendations?k=3`, { headers: { 'X-Request-Id': 'mine' } });
  await logged;
  child.kill('SIGINT');
  const { code, stderr, stdout } = await done;
  expect(code, stderr).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ msg }) => msg)).toEqual(['listening', undefined, 'closing', 'closed']);
  expect(lines[1]).toMatchObject({ id: 'mine', method: 'GET', path: '/v1/users/u1/recommendations', status: 200 });
});

test('SIGTERM in the middle of requests: they are answered, new connections are not taken, the exit code is 0', async () => {
  const { child, done, url } = await serving('--quiet');
  const agent = new Agent({ keepAlive: true });
  const users = Array(1000).fill('u1');
  const sent = await Promise.all(Array.from({ length: 12 }, () => post(url, agent, { users, k: 60 })));
  // What was sent before this was has arrived when this is answered.
  await fetch(`${url}/healthz`);
  child.kill('SIGTERM');
  const statuses = await Promise.all(sent.map(({ status }) => status));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect((await done).code).toBe(0);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  agent.destroy();
});

test('a second signal ends it at once, but not one that comes together with the first, as under npx', async () => {
  const { child, done, url } = await serving('--shutdown-timeout', '1000');
  const agent = new Agent({ keepAlive: true });
  const stuck = request(`${url}/v1/scores`, {
    method: 'POST',
    agent,
    headers: { 'Content-Type': 'application/json', 'Content-Length': '9' },
  });
  stuck.on('error', () => {});
  stuck.flushHeaders();
  await fetch(`${url}/healthz`);
  const log = createInterface({ input: child.stderr! });
  child.kill('SIGTERM');
  for await (const line of log) if (line.includes('"closing"')) break;
  child.kill('SIGTERM');
  await sleep(1200);
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  expect((await done).code).toBe(143);
});

// A device on which every write fails, as on a full disk.
test.runIf(existsSync('/dev/full'))('a log that cannot be written does not end the server', async () => {
  const full = openSync('/dev/full', 'w');
  const main = fileURLToPath(new URL('../../dist/programs/taurec.js', import.meta.url));
  const args = [main, 'serve', directory, '--port', '0', '--threads', '1', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', full] });
  const exit = once(child, 'exit');
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const { url } = JSON.parse(line) as { url: string };
  for (let i = 0; i < 5; i++) {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await sleep(20);
  }
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  expect(await exit).toEqual([0, null]);
  clearTimeout(late);
  closeSync(full);
});

test('SIGHUP opens the model again', async () => {
  const { child, done, url } = await serving('--reload-interval', '0');
  child.kill('SIGHUP');
  let revision = 1;
  while (revision === 1) ({ revision } = (await (await fetch(`${url}/v1/model`)).json()) as { revision: number });
  expect(revision).toBe(2);
  child.kill('SIGTERM');
  expect((await done).code).toBe(0);
});

describe('a token', () => {
  test('from a file, from the environment; a warning without one beyond this machine', async () => {
    writeFileSync(join(folder, 'token.txt'), 'a-token-of-some-length\n');
    const { stop, done, url } = await servingHere('--token-file', 'token.txt', '--host', '0.0.0.0');
    const here = url.replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(`${here}/v1/model`)).status).toBe(401);
    const headers = { Authorization: 'Bearer a-token-of-some-length' };
    expect((await fetch(`${here}/v1/model`, { headers })).status).toBe(200);
    stop();
    expect((await done).stderr).not.toMatch(/no token is set/);
    const open = await servingHere('--host', '0.0.0.0');
    open.stop();
    expect((await open.done).stderr).toMatch(/no token is set: anyone who can reach this address can send requests/);
  });

  test('that is too short is refused', async () => {
    file('short.txt', 'short\n');
    await fails(2, /token: got "5 characters", expected at least 16/, 'serve', 'model', '--token-file', 'short.txt');
  });
});

test('several models by name, with their shares', async () => {
  const { stop, done, url, models } = await listening(['a=model', 'b=model'], '--split', 'b=100, a=0', '--quiet');
  expect(Object.entries(models!).map(([name, { users }]) => [name, users])).toEqual([
    ['a', 30],
    ['b', 30],
  ]);
  const answer = await fetch(`${url}/v1/users/u1/recommendations`);
  expect(await answer.json()).toMatchObject({ variant: 'b', user: 'u1' });
  const { variants } = (await (await fetch(`${url}/v1/model?variant=a`)).json()) as { variants: unknown };
  expect(variants).toEqual([
    { name: 'a', share: 0 },
    { name: 'b', share: 1 },
  ]);
  stop();
  expect((await done).code).toBe(0);
});

describe('what it refuses', () => {
  test('models without names, names twice, wrong shares', async () => {
    await fails(
      2,
      /Several models need names, as in a=models\/a b=models\/b; got "model"/,
      'serve',
      'a=model',
      'model',
    );
    await fails(2, /Two models have the name a/, 'serve', 'a=model', 'a=model');
    await fails(2, /Expected shares: a=90,b=10/, 'serve', 'a=model', 'b=model', '--split', '50,50');
    await fails(2, /Expected distinct names/, 'serve', 'a=model', 'b=model', '--split', 'a=1,a=2');
    await fails(
      2,
      /--split: got "a=1", expected a share for each of a, b/,
      'serve',
      'a=model',
      'b=model',
      '--split',
      'a=1',
    );
    await fails(2, /--split: got "a=1", expected several models/, 'serve', 'model', '--split', 'a=1');
  });

  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await fails(
      1,
      /Cannot listen on 127\.0\.0\.1, port \d+: another program/,
      'serve',
      'model',
      '--quiet',
      '--port',
      `${port}`,
    );
    other.close();
  });

  test('no model, a wrong number, a wrong origin', async () => {
    await fails(1, /nowhere: not a taurec model/, 'serve', 'nowhere', '--port', '0');
    await fails(2, /--deadline.*'0' is invalid. Expected a number from/, 'serve', 'model', '--deadline', '0');
    await fails(2, /--cors: got "shop\.example"/, 'serve', 'model', '--cors', 'shop.example');
  });
});

describe('--feedback keeps what people did', () => {
  const events = (user: string, ...items: string[]) => ({
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ events: items.map((item) => ({ user, item })) }),
  });
  const idsOf = async (url: string) => {
    const response = await fetch(`${url}/v1/users/u1/recommendations?k=5`);
    return ((await response.json()) as { items: { id: string }[] }).items.map(({ id }) => id);
  };

  test('through a kill: what was acknowledged is in no list of the next server, and in the table that training reads', async () => {
    const first = await serving('--feedback', 'kept.db', '--quiet');
    const [best, second] = await idsOf(first.url);
    const answer = await fetch(`${first.url}/v1/feedback`, events('u1', best!, second!));
    expect(await answer.json()).toEqual({ received: 2, new: 2 });
    first.child.kill('SIGKILL');
    await first.done;
    const next = await serving('--feedback', 'kept.db', '--quiet');
    expect(await idsOf(next.url)).not.toEqual(expect.arrayContaining([best]));
    expect(await idsOf(next.url)).not.toEqual(expect.arrayContaining([second]));
    const log = await readInteractions(`sqlite:${join(folder, 'kept.db')}?table=feedback`);
    expect(log.users).toHaveLength(2);
    next.child.kill('SIGTERM');
    expect((await next.done).code).toBe(0);
  });

  test('an event that the log refuses is the fault of the request', async () => {
    const { stop, done, url } = await servingHere('--feedback', 'refused.db', '--quiet');
    const answer = await fetch(`${url}/v1/feedback`, events('u1', 'i1', ' '));
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { errors: { field: string }[] }).errors[0]!.field).toBe('events[1].item');
    stop();
    await done;
  });

  test('a place that is none, and an option out of range beside a log, end the command', async () => {
    await fails(1, /no-such-folder/, 'serve', 'model', '--feedback', 'sqlite:no-such-folder/deep/kept.db');
    await fails(2, /reload-interval/, 'serve', 'model', '--feedback', 'kept.db', '--reload-interval', '-1');
  });
});
