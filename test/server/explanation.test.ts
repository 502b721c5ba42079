import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { csrHas, csrRow } from '../../src/array/csr.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { workOf } from '../../src/server/request-cost.ts';
import { responseSchemas } from '../../src/server/response-schemas.ts';
import type { RunningServer } from '../../src/server/serve.ts';
import { randomModel } from '../support/random-model.ts';
import { withTerm } from '../support/random-term.ts';
import { ask, expectProblem, folder, MemoryFeedback, model, start } from './harness.ts';

const made = withTerm(
  randomModel({ users: 30, items: 60, dimension: 8, titles: true, validation: true, density: 0.2, biased: true }),
);
let directory: string;
let server: RunningServer;
let library: Recommender;
const log = new MemoryFeedback();
const events = [
  { user: 'u1', item: 'i3', kind: 'like', time: 100 },
  { user: 'u1', item: 'i3', kind: 'view', time: 150 },
  { user: 'u1', item: 'i3', kind: 'purchase', time: 200 },
  { user: 'u2', item: 'i3', kind: 'like', time: 300 },
  { user: 'new', item: 'i4', kind: 'like', time: 400 },
];
/** As the server takes the log: views do not hide. */
const feedback = events.map((event) => ({ ...event, hides: event.kind !== 'view' }));

beforeAll(async () => {
  directory = join(folder, 'with-term');
  await saveModel(directory, made);
  server = await start(directory, { feedback: log });
  await ask(server, '/v1/feedback', { events });
  library = await Recommender.open(directory, { threads: 1 });
  return () => library.close();
});

const explanation = async (user: string, item: string, query = '') => {
  const { status, json, text } = await ask(server, `/v1/users/${user}/items/${item}/explanation${query}`);
  expect(status, text).toBe(200);
  return responseSchemas.explanation.parse(json);
};

test('explanations are those of the library, for every item of a user', async () => {
  for (let i = 0; i < 60; i++) {
    const got = await explanation('u1', `i${i}`, '?k=5');
    const { absent, ...rest } = library.explain('u1', `i${i}`, { k: 5, feedback });
    expect(got).toMatchObject({ user: 'u1', ...rest });
    expect(got.absent?.map(({ cause }) => cause)).toEqual(absent?.map(({ cause }) => cause));
  }
});

test('a view does not hide, and seen items are in a list on request', async () => {
  const trained = [...csrRow(made.seen, 1)].find((i) => !csrHas(made.validation!, 1, i) && i !== 3)!;
  expect((await explanation('u1', 'i3')).absent!.at(-1)).toEqual({
    cause: 'feedback',
    events: [
      { kind: 'like', time: 100 },
      { kind: 'purchase', time: 200 },
    ],
  });
  expect((await explanation('u1', `i${trained}`)).absent).toEqual([{ cause: 'training' }]);
  expect((await explanation('u1', `i${trained}`, '?includeSeen=true&k=60')).absent).toBeUndefined();
});

test('a user whom the model does not know is explained by feedback, with a fallback', async () => {
  expectProblem(await ask(server, '/v1/users/new/items/i4/explanation'), 404, 'unknown-id');
  expect(await explanation('new', 'i4', '?fallback=popular')).toMatchObject({
    basis: 'feedback',
    absent: [{ cause: 'feedback', events: [{ kind: 'like', time: 400 }] }],
  });
  const { items } = (await ask(server, '/v1/users/new/recommendations?fallback=popular&explain=3')).json;
  expect(items).toEqual(library.recommend('new', { fallback: 'popular', explain: 3, feedback }));
  expect(items[0].because.items.every(({ id }: { id: string }) => id === 'i4')).toBe(true);
  const { basis, because } = await explanation('nobody', 'i4', '?fallback=popular');
  expect([basis, because]).toEqual(['popular', undefined]);
});

test('explain adds reasons to lists of GET and POST, and to lists for items; without it nothing is added', async () => {
  const get = await ask(server, '/v1/users/u2/recommendations?k=4&explain=3');
  const expected = library.recommend('u2', { k: 4, explain: 3, feedback });
  expect(responseSchemas.list.parse(get.json).items).toEqual(expected);
  const post = await ask(server, '/v1/recommendations', { users: ['u2'], k: 4, explain: 3 });
  expect(responseSchemas.lists.parse(post.json).recommendations[0]!.items).toEqual(expected);
  const { json } = await ask(server, '/v1/recommendations/for-items', { items: ['i1', 'i2'], explain: 2 });
  expect(json.items).toEqual(library.recommendFor(['i1', 'i2'], { explain: 2 }));
  for (const { score, because } of expected) {
    const { items, others, embedding, bias } = because!;
    expect(items.reduce((sum, { part }) => sum + part, others + embedding + bias)).toBeCloseTo(score, 6);
  }
  expect((await ask(server, '/v1/users/u2/recommendations')).text).not.toContain('because');
  expectProblem(await ask(server, '/v1/users/u2/recommendations?explain=101'), 400, 'bad-request');
});

test('similar items by together', async () => {
  const { json } = await ask(server, '/v1/items/i5/similar?k=4&by=together');
  expect(responseSchemas.similar.parse(json).items).toEqual(library.similarItems('i5', { k: 4, by: 'together' }));
  expectProblem(await ask(server, '/v1/items/i5/similar?by=colour'), 400, 'bad-request');
  const plain = await start(await model('without-term'));
  expectProblem(await ask(plain, '/v1/items/i5/similar?by=together'), 422, 'no-neighbors');
});

test('a log that fails is an error of the explanations that need it', async () => {
  log.failing = true;
  expectProblem(await ask(server, '/v1/users/u1/items/i3/explanation'), 503, 'feedback-failed');
  expect((await ask(server, '/v1/users/u3/items/i3/explanation')).status).toBe(200);
  log.failing = false;
});

test('explanations need the scope read, or a token of the user', async () => {
  const tokens = [
    { token: 'a-public-token-of-a-page', scopes: ['public'] as const },
    { token: 'a-token-that-may-read', scopes: ['read'] as const },
  ];
  const guarded = await start(directory, { tokens });
  const path = '/v1/users/u1/items/i3/explanation';
  const as = (token: string) => ask(guarded, path, undefined, { headers: { Authorization: `Bearer ${token}` } });
  expectProblem(await as('a-public-token-of-a-page'), 403, 'no-scope');
  expect((await as('a-token-that-may-read')).status).toBe(200);
});

test('reasons count in the work of a request, and cost nothing when they are off', () => {
  const sizes = { items: 40_000, dimension: 64 };
  const work = (explain?: number) =>
    workOf({ type: 'recommend', users: ['a'], options: { k: 10, explain }, key: '' }, sizes).unit;
  expect(work(0)).toBe(work());
  expect(work(3)).toBeGreaterThan(work());
  const one = workOf({ type: 'explain', user: 'a', item: 'b', options: { k: 10 } }, sizes);
  expect(one.unit).toBeGreaterThan(2 * sizes.items * sizes.dimension);
});
