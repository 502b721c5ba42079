import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { learnColdItems } from '../../src/model/learn-cold-items.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { madeUpWorld } from '../support/made-up-world.ts';
import { ask, folder, start } from './harness.ts';

test('a new item that is put gets a place by its attributes while the server runs, and loses it when it is deleted; explore and seed are those of the library', async () => {
  const directory = join(folder, 'new-items');
  await saveModel(directory, learnColdItems(madeUpWorld({ neighbors: true }).model));
  const server = await start(directory, { feedback: await openFeedback(`sqlite:${join(folder, 'new-items.db')}`) });
  const path = '/v1/users/u1/recommendations?k=90';
  const list = async (query = '') => (await ask(server, path + query)).json.items as { id: string; title?: string }[];
  const before = await list();
  expect(before.some(({ id }) => id === 'p70')).toBe(true);
  await using library = await Recommender.open(directory, { threads: 1 });
  expect(await list('&explore=0.3&seed=5')).toEqual(library.recommend('u1', { k: 90, explore: 0.3, seed: 5 }));
  expect((await ask(server, `${path}&explore=2`)).status).toBe(400);

  const put = { title: 'Just in', shelf: ['shelf 2'], brand: 'brand 1', price: 2.5 };
  expect((await ask(server, '/v1/items/fresh', put, { method: 'PUT' })).status).toBeLessThan(300);
  while (server.model.revision === 1) await sleep(20);
  const after = await list();
  expect(after).toHaveLength(before.length + 1);
  expect(after.find(({ id }) => id === 'fresh')?.title).toBe('Just in');
  const where = encodeURIComponent('{"shelf":"shelf 2"}');
  expect((await list(`&where=${where}`)).map(({ id }) => id)).toContain('fresh');
  const similar = (await ask(server, '/v1/items/fresh/similar?k=5')).json.items as { id: string }[];
  const { catalogue, itemIds } = library;
  // The nearest items share the shelf or the brand.
  const [nearest] = similar.map(({ id }) => catalogue!.valuesOf(itemIds.indexOf(id)));
  expect([nearest!.shelf, nearest!.brand]).toEqual([['shelf 2'], 'brand 1']);

  await ask(server, '/v1/items/fresh', undefined, { method: 'DELETE' });
  expect((await list()).map(({ id }) => id)).not.toContain('fresh');
  expect(server.model.revision).toBe(2);
});
