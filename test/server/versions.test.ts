import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { publishModel } from '../../src/model/versions.ts';
import { responseSchemas } from '../../src/server/response-schemas.ts';
import { randomModel } from '../support/random-model.ts';
import { ask, expectProblem, folder, model, start } from './harness.ts';

const modelOf = (users: number) => randomModel({ users, items: 60, dimension: 8 });
const token = 'a-token-of-an-administrator';
const admin = { headers: { Authorization: `Bearer ${token}` } };
const post = { method: 'POST', ...admin };

test('a server of a folder of versions follows the current one, publishes and rolls back', async () => {
  const published = join(folder, 'published');
  await publishModel(modelOf(10), published);
  const server = await start(published, { token, reloadInterval: 0.01 });
  expect(server.model.users).toBe(10);
  await publishModel(modelOf(20), published);
  while (server.model.revision < 2) await new Promise((wake) => setTimeout(wake, 5));
  expect(server.model.users).toBe(20);
  const list = await ask(server, '/v1/versions', undefined, admin);
  responseSchemas.versions.parse(list.json);
  expect(list.json).toMatchObject({ current: 'v2', versions: [{ name: 'v1' }, { name: 'v2' }] });
  const back = await ask(server, '/v1/versions/rollback', undefined, post);
  responseSchemas.version.parse(back.json);
  expect(back.json).toMatchObject({ name: 'v1', current: true });
  expect(server.model.users).toBe(10);
  expectProblem(await ask(server, '/v1/versions/rollback', undefined, post), 409, 'no-earlier-version');
  const again = await ask(server, '/v1/versions/v2/publish', undefined, post);
  responseSchemas.version.parse(again.json);
  expect(server.model.users).toBe(20);
  expectProblem(await ask(server, '/v1/versions/v9/publish', undefined, post), 400, 'unknown-name');
  expectProblem(await ask(server, '/v1/versions/v1/publish', undefined, { method: 'POST' }), 401);
});

test('a version that cannot be opened does not become current', async () => {
  const published = join(folder, 'broken');
  await publishModel(modelOf(10), published);
  await publishModel(modelOf(20), published);
  const server = await start(published, { token });
  writeFileSync(join(published, 'v1', 'embeddings.safetensors'), 'damaged');
  expectProblem(await ask(server, '/v1/versions/v1/publish', undefined, post), 409, 'reload-failed');
  expect((await ask(server, '/v1/versions', undefined, admin)).json.current).toBe('v2');
  rmSync(join(published, 'v1'), { recursive: true });
  expectProblem(await ask(server, '/v1/versions/rollback', undefined, post), 409, 'reload-failed');
  expect((await ask(server, '/v1/versions', undefined, admin)).json.current).toBe('v2');
  expect(server.model.users).toBe(20);
});

test('a server of a plain model folder, or without a token, has no versions to change', async () => {
  const directory = await model('plain');
  const server = await start(directory, { token });
  expectProblem(await ask(server, '/v1/versions', undefined, admin), 404, 'no-versions');
  expectProblem(await ask(server, '/v1/versions/rollback', undefined, post), 404, 'no-versions');
  const open = await start(directory);
  expectProblem(await ask(open, '/v1/versions/rollback', undefined, { method: 'POST' }), 403, 'reload-closed');
});
