import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { saveModel } from '../../src/model/model-directory.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { randomModel } from '../support/random-model.ts';
import { ask, expectProblem, folder, MemoryFeedback, model, someList, start } from './harness.ts';

let directory: string;
let library: Recommender;
beforeAll(async () => {
  directory = await model('model');
  library = await Recommender.open(directory, { threads: 1 });
  return () => library.close();
});

const like = (user: string, ...items: string[]) => ({ events: items.map((item) => ({ user, item })) });
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

test('what a user has done is not recommended any more: at once, for many users, and after a restart', async () => {
  const log = new MemoryFeedback();
  const first = await start(directory, { feedback: log });
  const [best, second] = ids(library.recommend('u1'));
  const { json } = await ask(first, '/v1/feedback', like('u1', best!, second!));
  expect(json).toEqual({ received: 2, new: 2 });
  const expected = library.recommend('u1', { exclude: [best!, second!] });
  for (const server of [first, await start(directory, { feedback: new MemoryFeedback(log.stored) })]) {
    expect((await ask(server, '/v1/users/u1/recommendations')).json.items).toEqual(expected);
    const many = await ask(server, '/v1/recommendations', { users: ['u0', 'u1', 'u2'] });
    expect(many.json.recommendations.map(({ items }: { items: unknown }) => items)).toEqual([
      library.recommend('u0'),
      expected,
      library.recommend('u2'),
    ]);
    expect((await ask(server, '/v1/users/u1/recommendations?includeSeen=true')).json.items).toEqual(
      library.recommend('u1', { includeSeen: true }),
    );
  }
});

test('a user with feedback on nearly all items gets the rest', async () => {
  const server = await start(directory, { feedback: new MemoryFeedback() });
  const all = ids(library.recommend('u5', { k: 60 }));
  await ask(server, '/v1/feedback', like('u5', ...all.slice(0, -2)));
  expect(ids((await ask(server, '/v1/users/u5/recommendations')).json.items)).toEqual(all.slice(-2));
});

test('a user whom the model does not know is served by feedback when asked with a fallback', async () => {
  const server = await start(directory, { feedback: new MemoryFeedback() });
  await ask(server, '/v1/feedback', like('new', 'i1', 'i2', 'unheard-of'));
  await ask(server, '/v1/feedback', like('newer', 'unheard-of'));
  expectProblem(await ask(server, '/v1/users/new/recommendations'), 404, 'unknown-id');
  const { json } = await ask(server, '/v1/users/new/recommendations?fallback=popular&k=5');
  expect(json).toEqual({
    list: someList,
    user: 'new',
    basis: 'feedback',
    items: library.recommendFor(['i1', 'i2'], { k: 5 }),
  });
  const newer = await ask(server, '/v1/recommendations', { users: ['newer', 'newest'], fallback: 'popular' });
  const popular = library.recommend('newest', { fallback: 'popular' });
  expect(newer.json.recommendations).toEqual([
    { list: someList, user: 'newer', basis: 'popular', items: popular },
    { list: someList, user: 'newest', basis: 'popular', items: popular },
  ]);
});

test('where the loss of the model folds nobody in, such a user gets the popular items without those of the feedback', async () => {
  const made = randomModel({ users: 30, items: 60, dimension: 8 });
  const custom = join(folder, 'custom-loss');
  await saveModel(custom, { ...made, config: { ...made.config, loss: { module: './my-loss.ts' } } });
  const server = await start(custom, { feedback: new MemoryFeedback() });
  const popular = ids((await ask(server, '/v1/users/new/recommendations?fallback=popular&k=5')).json.items);
  await ask(server, '/v1/feedback', like('new', popular[0]!, popular[2]!));
  const { status, json } = await ask(server, '/v1/users/new/recommendations?fallback=popular&k=3');
  expect([status, json.basis, ids(json.items)]).toEqual([200, 'popular', [popular[1], popular[3], popular[4]]]);
  expectProblem(await ask(server, '/v1/recommendations/for-items', { items: ['i1'] }), 422, 'fold-in-loss');
});

test('a user with much feedback is folded in by the newest 500 items that the model knows', async () => {
  const many = await model('many-items', { items: 600 });
  const server = await start(many, { feedback: new MemoryFeedback() });
  const first = Array.from({ length: 520 }, (_, i) => `i${i}`);
  await ask(server, '/v1/feedback', like('new', ...first, ...Array.from({ length: 50 }, (_, i) => `unheard-of-${i}`)));
  // Once more: now they are the newest.
  await ask(server, '/v1/feedback', like('new', 'i0', 'i1'));
  const { json } = await ask(server, '/v1/users/new/recommendations?fallback=popular&k=20');
  const alone = await Recommender.open(many, { threads: 1 });
  const newest = [...first.slice(22), 'i0', 'i1'];
  expect(json.items).toEqual(alone.recommendFor(newest, { k: 20, exclude: first }));
  expect(json.items).not.toEqual(alone.recommendFor(first, { k: 20 }));
  await alone.close();
});

test('an event sent twice under one id counts once, and events get a time', async () => {
  const log = new MemoryFeedback();
  const server = await start(directory, { feedback: log });
  const event = { user: 7, item: 'i1', id: 'e1', kind: 'purchase', weight: 2 };
  const before = Math.floor(Date.now() / 1000);
  expect((await ask(server, '/v1/feedback', { events: [event, event] })).json).toEqual({ received: 2, new: 1 });
  expect((await ask(server, '/v1/feedback', { events: [event] })).json).toEqual({ received: 1, new: 0 });
  expect(log.stored).toEqual([{ ...event, user: '7', time: expect.any(Number), sequence: 1 }]);
  expect(log.stored[0]!.time).toBeGreaterThanOrEqual(before);
  const { text } = await ask(server, '/metrics');
  expect(text).toMatch(/taurec_feedback_events_total\{kept="new"\} 1/);
  expect(text).toMatch(/taurec_feedback_events_total\{kept="known"\} 2/);
  expect(text).toMatch(/^taurec_feedback_pairs 1$/m);
});

describe('a log that cannot be reached', () => {
  test('keeps nothing, counts nothing as seen, and the server is not ready; then all goes on', async () => {
    const log = new MemoryFeedback();
    const server = await start(directory, { feedback: log });
    log.failing = true;
    const [best] = ids(library.recommend('u1'));
    const refused = await ask(server, '/v1/feedback', like('u1', best!));
    expectProblem(refused, 503, 'feedback-failed');
    expect(refused.text).not.toContain('secret-host');
    expectProblem(await ask(server, '/readyz'), 503, 'feedback-failed');
    expect((await ask(server, '/v1/users/u1/recommendations')).json.items[0].id).toBe(best);
    log.failing = false;
    expect((await ask(server, '/v1/feedback', like('u1', best!))).status).toBe(200);
    expect((await ask(server, '/readyz')).status).toBe(200);
    expect((await ask(server, '/v1/users/u1/recommendations')).json.items[0].id).not.toBe(best);
  });

  test('a log that cannot be read stops the start, and is closed', async () => {
    const log = new MemoryFeedback();
    log.read = () => {
      throw new Error('it is damaged');
    };
    await expect(start(directory, { feedback: log })).rejects.toMatchObject({ code: 'feedback-failed' });
    expect(log.closed).toBe(true);
  });
});

test('a closed server has closed its log', async () => {
  const log = new MemoryFeedback();
  const server = await start(directory, { feedback: log });
  await server.close();
  expect(log.closed).toBe(true);
});
