import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { saveModel } from '../../src/model/model-directory.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { rejectionOf } from '../support/error-of.ts';
import { randomModel } from '../support/random-model.ts';
import { ask, expectProblem, folder, model, start } from './harness.ts';
import { watchThreads } from './watched-threads.ts';

const threads = watchThreads();

const open = async (directory: string): Promise<Recommender> =>
  (await import('../../src/recommender/recommender.ts')).Recommender.open(directory, { threads: 1 });

/** Asks until the answer is as wanted. */
async function until(wanted: () => Promise<boolean>): Promise<void> {
  while (!(await wanted())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const sizes = { users: 30, items: 60, dimension: 8 };

test('no request fails while the model is replaced again and again, and no list is mixed of two models', async () => {
  const lists = await Promise.all(
    [1, 2].map(async (seed) => {
      const library = await open(await model(`alone-${seed}`, { seed }));
      const list = library.recommend('u3');
      await library.close();
      return JSON.stringify(list);
    }),
  );
  const directory = await model('replaced', { seed: 1 });
  const server = await start(directory, { reloadInterval: 0.01 });
  const seen = new Set<string>();
  let asking = true;
  const client = async () => {
    let count = 0;
    for (; asking; count++) {
      const { status, text, json } = await ask(server, '/v1/users/u3/recommendations');
      expect(status, text).toBe(200);
      seen.add(JSON.stringify(json.items));
    }
    return count;
  };
  const clients = Promise.all([client(), client(), client()]);
  for (let turn = 0; turn < 6; turn++) {
    const { revision } = server.model;
    await saveModel(directory, randomModel({ ...sizes, titles: true, seed: 1 + ((turn + 1) % 2) }));
    if (turn % 2 === 1) await until(async () => server.model.revision > revision);
  }
  // The last one is the model of seed 1; what is asked from now on is answered by it.
  await server.reload();
  const { json } = await ask(server, '/v1/users/u3/recommendations');
  asking = false;
  expect(Math.min(...(await clients))).toBeGreaterThan(0);
  expect(JSON.stringify(json.items)).toBe(lists[0]);
  expect(server.model.revision).toBeGreaterThan(3);
  for (const list of seen) expect(lists).toContain(list);
}, 120_000);

test('a newer model that does not open is refused, and the older one stays', async () => {
  const directory = await model('broken', { seed: 1 });
  const token = 'a-token-of-some-length';
  const server = await start(directory, { token });
  const headers = { Authorization: `Bearer ${token}` };
  const before = (await ask(server, '/v1/users/u1/recommendations', undefined, { headers })).json.items;
  const file = join(directory, 'embeddings.safetensors');
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length - 8));
  const refused = await ask(server, '/v1/reload', {}, { headers });
  expectProblem(refused, 409, 'reload-failed');
  expect(refused.json.detail).toContain('embeddings.safetensors');
  expect((await ask(server, '/v1/users/u1/recommendations', undefined, { headers })).json.items).toEqual(before);
  expect((await ask(server, '/readyz')).status).toBe(200);
  const { json } = await ask(server, '/v1/model', undefined, { headers });
  expect(json).toMatchObject({ revision: 1, lastReload: { outcome: 'failed', error: { code: 'bad-safetensors' } } });
  expect((await ask(server, '/metrics', undefined, { headers })).text).toContain(
    'taurec_reloads_total{outcome="failed"} 1',
  );
  writeFileSync(file, bytes);
  expect((await ask(server, '/v1/reload', {}, { headers })).json).toMatchObject({ outcome: 'opened' });
  expect(server.model.revision).toBe(2);
});

test('a newer model with a damaged file, or a number that is not finite, is refused', async () => {
  const directory = await model('rolled-back', { seed: 1 });
  const server = await start(directory);
  const path = join(directory, 'embeddings.safetensors');
  const bytes = readFileSync(path);
  const refused = async (message: RegExp) => {
    expect(await server.reload()).toMatchObject({
      outcome: 'failed',
      error: { message: expect.stringMatching(message) },
    });
    expect(server.model.revision).toBe(1);
    expect((await ask(server, '/v1/users/u3/recommendations')).status).toBe(200);
  };
  const damaged = Buffer.from(bytes);
  damaged[damaged.length - 2]! ^= 1;
  writeFileSync(path, damaged);
  await refused(/embeddings.safetensors: its SHA-256 is/);
  // A model without digests: NaN as the last float.
  damaged.writeFloatLE(Number.NaN, damaged.length - 4);
  writeFileSync(path, damaged);
  const config = join(directory, 'config.json');
  const { files: _files, digest: _digest, ...facts } = JSON.parse(readFileSync(config, 'utf8'));
  writeFileSync(config, JSON.stringify(facts));
  await refused(/embeddings.safetensors: tensor .*: NaN, expected a finite number/);
  writeFileSync(path, bytes);
  expect(await server.reload()).toMatchObject({ outcome: 'opened' });
});

test('a broken model is tried once, not at every look; a mended one is opened', async () => {
  const directory = await model('mended', { seed: 1 });
  const server = await start(directory, { reloadInterval: 0.01 });
  const file = join(directory, 'ids.safetensors');
  const bytes = readFileSync(file);
  // In one step: a file that is half written would be one more that is broken.
  const other = join(folder, 'no-tensors');
  writeFileSync(other, 'no tensors');
  renameSync(other, file);
  await until(async () => server.model.lastReload?.outcome === 'failed');
  const tried = server.model.lastReload!.at;
  const started = threads.length;
  // Some thirty looks.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(threads.length).toBe(started);
  expect((await ask(server, '/v1/users/u1/recommendations')).status).toBe(200);
  expect(server.model.lastReload!.at).toBe(tried);
  writeFileSync(file, bytes);
  await until(async () => server.model.revision === 2);
  expect((await ask(server, '/v1/users/u1/recommendations')).status).toBe(200);
});

test('when the scoring thread dies its requests get 503, and a new one takes over', async () => {
  const directory = await model('killed', { seed: 1 });
  const server = await start(directory);
  const expected = (await ask(server, '/v1/users/u1/recommendations')).json.items;
  const thread = threads.at(-1)!;
  const users = Array(1000).fill('u1');
  const requests = Array.from({ length: 40 }, () => ask(server, '/v1/recommendations', { users }));
  await ask(server, '/healthz');
  const dead = once(thread, 'exit');
  await thread.terminate();
  await dead;
  const answers = await Promise.all(requests);
  const failed = answers.filter(({ status }) => status !== 200);
  expect(failed.length).toBeGreaterThan(0);
  for (const answer of failed) expectProblem(answer, 503, 'scoring-ended');
  await until(async () => (await ask(server, '/readyz')).status === 200);
  expect((await ask(server, '/v1/users/u1/recommendations')).json.items).toEqual(expected);
  expect(server.model.revision).toBe(2);
});

test('a directory without a model is refused at the start', async () => {
  expect((await rejectionOf(start(join(folder, 'nowhere')))).code).toBe('no-model');
});
