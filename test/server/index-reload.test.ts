import { expect, test } from 'vitest';
import { saveModel } from '../../src/model/model-directory.ts';
import { buildIndex } from '../../src/recommender/index-file.ts';
import { randomModel } from '../support/random-model.ts';
import { ask, model, start } from './harness.ts';

test('a newer model without an approximate index waits for one', async () => {
  const directory = await model('indexed', { seed: 1 });
  await buildIndex(directory);
  const server = await start(directory, { index: 'approximate', reloadInterval: 0.01 });
  await saveModel(directory, randomModel({ users: 30, items: 60, dimension: 8, seed: 2 }));
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((wake) => setTimeout(wake, 5));
  };
  await until(() => server.model.lastReload?.error?.code === 'no-index');
  expect(server.model.revision).toBe(1);
  expect((await ask(server, '/v1/users/u1/recommendations')).status).toBe(200);
  await buildIndex(directory);
  await until(() => server.model.revision === 2);
  expect((await ask(server, '/v1/users/u1/recommendations')).status).toBe(200);
});
